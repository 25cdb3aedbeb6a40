"""What `sanctum models` and `serve` answer to those who name something otherwise than it expects: what it is, and what to type instead."""

import json
import os
import subprocess

import pytest

import tiny_gguf
import tiny_llama
from hub_home import NAME, RUN_SECONDS_MAX, Home, safetensors
from programs import SMOKE_MODEL, program
from test_foreign_models import add_to_ollama


@pytest.fixture
def place(tmp_path, hub):
    """A home with GGUF files, two model directories and a model of Ollama's; commands run in it."""
    home = Home(tmp_path, hub)
    for file in ("tiny-Q8_0.gguf", "tiny-Q4_0.gguf"):
        (tmp_path / "gguf").mkdir(exist_ok=True)
        tiny_gguf.write(tmp_path / "gguf" / file)
    for name in ("a", "b"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "config.json").write_text('{"model_type": "mamba"}')
    add_to_ollama(tmp_path / ".ollama" / "models", "tiny", "1m", ("model", (tmp_path / "gguf" / "tiny-Q8_0.gguf").read_bytes()))
    return home


def models(home, *words):
    return home.run(*words, cwd=home.directory)


def serve(home, *words):
    """`serve --check`."""
    command = [program("sanctum"), "serve", *words, "--check", "--state-dir", str(home.directory / "state"), "--listen", "127.0.0.1:0", "--mtls-listen", "off"]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, stdin=subprocess.DEVNULL, env=home.environment, cwd=home.directory)


@pytest.mark.parametrize("word, said", [
    ("gguf/tiny-Q8_O.gguf", "there is no file 'gguf/tiny-Q8_O.gguf'; did you mean 'gguf/tiny-Q8_0.gguf'?"),
    ("models/c", "there is no 'models/c' in the directory"),
    ("models", "models are in it: name one"),
    ("gguf", "gguf/tiny-Q4_0.gguf`; others are tiny-Q8_0.gguf"),
])
def test_a_slip_in_a_path_is_told_as_one(place, word, said):
    told = serve(place, word)
    assert told.returncode == 1 and said in told.stderr and "sanctum models pull" not in told.stderr, told.stderr


def test_home_is_home_in_every_command(place):
    assert models(place, "info", "~/gguf/tiny-Q8_0.gguf").returncode == 0
    made = models(place, "import", "~/gguf/tiny-Q8_0.gguf", "~/made")
    assert made.returncode == 0 and (place.directory / "made" / "config.json").exists(), made.stderr
    assert not (place.directory / "~").exists()


def test_an_import_takes_what_ollama_has_and_says_what_a_directory_is(place):
    made = models(place, "import", "ollama:tiny:1m")
    assert made.returncode == 0 and (place.directory / "tiny-1m" / "config.json").exists(), made.stderr
    assert "next     sanctum serve tiny-1m\n" in made.stdout
    for words in (("gguf/tiny-Q8_0.gguf", "--to", "x"), ("gguf/tiny-Q8_0.gguf", "-o", "y")):
        assert models(place, "import", *words).returncode == 0
    for word, said in (("tiny-1m", "is a model directory already"), ("gguf", "holds GGUF files"), ("ollama:tinny:1m", "did you mean 'ollama:tiny:1m'"),
                       ("gguf/tiny-Q8_O.gguf", "did you mean"), ("gguf/absent", "there is no file 'gguf/absent'")):
        told = models(place, "import", word, "z")
        assert told.returncode == 2 and said in told.stderr, told.stderr


def test_a_picture_half_in_the_same_file_is_told(place):
    """As Ollama has Gemma 3. (This one lacks tensors: it is not served at all.)"""
    tiny_gguf.write(place.directory / "sees.gguf", architecture="gemma3", more=["v.patch_embedding", "mm.mm_soft_emb_norm"])
    made = models(place, "import", "sees.gguf", "sees")
    assert "left     the picture half, 2 tensors: the text half is served alone\n" in made.stdout, made.stdout + made.stderr
    assert "not served    its picture half, in the same file, is not read: text alone\n" in models(place, "info", "./sees.gguf").stdout


def test_info_says_the_reason_first_and_has_one_exit_code_for_no(place):
    for word, said in (("./absent", "sanctum models info: there is no"), ("ollama:absent", "sanctum models info: there is no 'ollama:absent'")):
        told = models(place, "info", word)
        assert told.returncode == 2 and told.stderr.startswith(said) and "server" not in told.stderr, told.stderr
    other = tiny_gguf.write(place.directory / "other.gguf", architecture="mamba")
    (tiny_llama.hugging_face(place.directory / "base") / "tokenizer.json").unlink()
    for word, why in ((str(other), "'mamba'"), ("base", "tokenizer.json")):
        told = models(place, "info", word)
        assert told.returncode == 1 and "served?       no" in told.stdout and why in told.stdout, told.stdout + told.stderr
    assert json.loads(models(place, "info", str(other), "--json").stdout)["servable"] is False


def test_where_it_looked_is_said(place):
    listed = models(place, "list").stdout.splitlines()[-1]
    assert f"looked in {place.cache} (which is not there), {place.directory}/.ollama/models, " in listed, listed
    assert f"{place.directory}/.lmstudio/models (which is not there)" in models(place, "info", "lmstudio:a/b").stderr


@pytest.mark.parametrize("word, said", [("ls", "sanctum models list"), ("show", "sanctum models info NAME"), ("download", "sanctum models pull"),
                                        ("help", "`sanctum models --help` lists the commands")])
def test_words_of_other_programs(place, word, said):
    told = models(place, word, "x")
    assert told.returncode == 2 and said in told.stderr, told.stderr


def test_a_check_of_another_programs_model_is_no_removal(place):
    assert "ollama rm" not in models(place, "check", "ollama:tiny:1m").stderr
    for command in ("check", "remove"):
        assert "did you mean 'ollama:tiny:1m'" in models(place, command, "ollama:tinny:1m").stderr


def test_a_model_without_its_maker_is_guessed(place, small):
    place.pull()
    for command in ("check", "remove"):
        assert f"did you mean '{NAME}'" in models(place, command, "small").stderr


def test_what_serve_made_is_listed_and_removed(place, start_server):
    source = place.directory / "mine.gguf"
    tiny_gguf.write(source)
    server = start_server(str(source), environment=place.environment)
    state = str(server.state_dir)
    [made] = json.loads(models(place, "list", "--json", "--state-dir", state).stdout)["imports"]
    assert (made["made_of"], made["of_use"]) == (str(source), True) and made["size_bytes"] > 0
    assert made["name"] in models(place, "list", "--state-dir", state).stdout
    running = {"environment": {"XDG_STATE_HOME": state}}
    assert json.loads(place.run("list", "--json", **running).stdout)["imports"] == [made], "of a server that runs, wherever it has its state"
    served = place.run("remove", made["name"], "--yes", **running)
    assert served.returncode == 2 and "serves it" in served.stderr, served.stdout + served.stderr
    server.stop()
    assert "nothing" in models(place, "remove", "--unused", "--yes", "--state-dir", state).stdout
    source.unlink()
    assert "which is gone" in models(place, "list", "--state-dir", state).stdout
    assert "did you mean" in models(place, "remove", made["name"][:-1], "--yes", "--state-dir", state).stderr
    removed = models(place, "remove", "--unused", "--yes", "--state-dir", state)
    assert removed.returncode == 0 and not os.path.exists(made["path"]), removed.stderr


def test_a_conversion_says_what_it_did_not_do(place):
    source = tiny_llama.hugging_face(place.directory / "base")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "torch_dtype": "float32"}))
    refused = models(place, "convert", "base", "--to", "c", "--group-size", "32")
    assert refused.returncode == 2 and "--group-size" in refused.stderr and not (place.directory / "c").exists(), refused.stderr
    wide = models(place, "quantize", "base", "wide", "--group-size", "128")
    assert wide.returncode == 0 and "no multiple of the group size 128" in wide.stdout and "--dtype bfloat16" in wide.stdout, wide.stdout
    assert "--dtype" not in models(place, "quantize", "base", "-o", "half", "--dtype", "bfloat16").stdout
    assert "--dtype" not in models(place, "quantize", "base", "-o", "whole", "--dtype", "float32").stdout, "as was asked for"
    (source / "tokenizer.json").rename(place.directory / "kept")
    mute = models(place, "quantize", "base", "-o", "mute")
    assert mute.returncode == 1 and "next     it cannot be served: there is no" in mute.stdout, "it was known to nobody but who read: " + mute.stdout
    assert mute.stderr.startswith("note     base cannot be served as it is: there is no"), "before the work: " + mute.stderr
    (place.directory / "kept").rename(source / "tokenizer.json")
    assert "quantize      `sanctum models quantize` takes it" in models(place, "info", "./base").stdout
    assert "quantize      no: it is quantized already" in models(place, "info", "./half").stdout
    assert "`sanctum models quantize` and `convert` take gemma3" in models(place, "architectures").stdout


@pytest.mark.parametrize("words, said", [(("quantize", "--bits", "0"), "bits must be 2, 3, 4, 5, 6 or 8"), (("convert", "--bits", "0"), "bits must be"),
                                         (("quantize", "--bits", "1"), "bits must be"), (("quantize", "--bits-of", "down_proj=0"), "bits must be"),
                                         (("quantize", "--group-size", "0"), "the group size must be 32, 64 or 128"),
                                         (("convert", "--group-size", "0"), "--bits alone")], ids=lambda word: " ".join(word) if isinstance(word, tuple) else "")
def test_nothing_is_no_number_of_bits(words, said, place):
    """It meant: not at all, and a group size of 0 the usual one."""
    tiny_llama.hugging_face(place.directory / "base")
    refused = models(place, words[0], "base", "--to", "out", *words[1:])
    assert refused.returncode == 2 and said in refused.stderr and not (place.directory / "out").exists(), refused.stdout + refused.stderr


def test_a_shard_that_is_missing_is_an_incomplete_download(place):
    broken = place.directory / "broken"
    broken.mkdir()
    for file in SMOKE_MODEL.glob("*.json"):
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "model-00001-of-00002.safetensors").write_bytes(safetensors(100))
    (broken / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}))
    told = serve(place, "broken")
    assert told.returncode == 1 and "00002-of-00002.safetensors is missing" in told.stderr and "its download is incomplete" in told.stderr, told.stderr


def test_too_little_room_names_what_a_person_named(place):
    told = models(place, "import", str(tiny_gguf.write_huge(place.directory / "huge.gguf")), "made")
    assert told.returncode == 2 and "too little room for made: " in told.stderr and "are needed (weights, and" in told.stderr, told.stderr


def test_a_path_with_an_equals_sign_is_a_path(place):
    """It was taken for NAME=MODEL by one of those who pass it on."""
    tiny = (place.directory / "gguf" / "tiny-Q8_0.gguf").read_bytes()
    (place.directory / "a=b.gguf").write_bytes(tiny)
    made = models(place, "import", "a=b.gguf", "d=x")
    assert made.returncode == 0 and "next     sanctum serve d=x\n" in made.stdout, made.stdout + made.stderr
    for word in ("a=b.gguf", "./a=b.gguf", "~/a=b.gguf", str(place.directory / "a=b.gguf"), "d=x", "./d=x", "m=./d=x", "m=~/a=b.gguf"):
        told = serve(place, word)
        assert told.returncode == 0, (word, told.stderr)
    gone = serve(place, "./m=gone.gguf")
    assert gone.returncode == 1 and "'./m=gone.gguf'" in gone.stderr.replace(str(place.directory), "."), gone.stderr
    config = place.directory / "elsewhere" / "sanctum.toml"
    config.parent.mkdir()
    (config.parent / "c=d.gguf").write_bytes(tiny)
    config.write_text('models = ["c=d.gguf"]')
    told = serve(place, "--config", str(config))
    assert told.returncode == 0 and f'"{config.parent}/c=d.gguf"' in told.stdout, told.stdout + told.stderr


@pytest.mark.parametrize("words", [("remove", NAME, "--yes", "--revision", ""), ("remove", "", "--yes"), ("remove", "--unused", "--yes", "--state-dir", ""),
                                   ("quantize", "models/a", "--to", ""), ("import", "gguf/tiny-Q8_0.gguf", ""), ("pull", NAME, "--hub", ""), ("check", NAME, "--revision", ""),
                                   ("quantize", "models/a", "--to", "x", "--bits", ""), ("quantize", "models/a", "--to", "x", "--group-size", "")], ids=" ".join)
def test_a_word_that_says_nothing_does_not_mean_all(place, small, words):
    """`--revision "$REV"` of a script that never set it removed every revision."""
    place.pull()
    told = models(place, *words)
    assert told.returncode == 2 and "it is empty" in told.stderr, told.stdout + told.stderr
    assert place.repository().exists()


def test_an_import_shows_names_and_does_not_obey_them(place):
    for command, source in (("import", "gguf/tiny-Q8_0.gguf"), ("quantize", "base")):
        if command == "quantize":
            tiny_llama.hugging_face(place.directory / "base")
        made = models(place, command, source, "--to", f"{command}\x1b[31m\nx")
        assert made.returncode == 0 and "\x1b" not in made.stdout and "\nx" not in made.stdout, made.stdout


def test_the_name_of_what_serve_made_is_told_for_what_it_is(place):
    for command in (("info",), ("check",), ("quantize", "--to", "q"), ("import", "--to", "q"), ("pull",)):
        told = models(place, command[0], "imported:tiny-0123456789abcdef", *command[1:])
        assert told.returncode == 2 and "`sanctum serve` ma" in told.stderr and "of a GGUF file" in told.stderr, told.stderr
    told = serve(place, "imported:tiny-0123456789abcdef")
    assert told.returncode == 1 and "names what `sanctum serve` makes of a GGUF file" in told.stderr, told.stderr


def test_a_pull_of_another_programs_name_says_whether_it_is_there(place):
    assert "is what Ollama has here already: `sanctum serve ollama:tiny:1m` serves it" in models(place, "pull", "ollama:tiny:1m").stderr
    for absent in ("ollama:nothing", "lmstudio:no/such"):
        told = models(place, "pull", absent)
        assert told.returncode == 2 and f"there is no '{absent}'" in told.stderr and "already" not in told.stderr, told.stderr
