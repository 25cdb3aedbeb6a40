"""What a person is told to do next: "serve it" of what can be served alone, and else why not and what helps."""

import json

import pytest

import tiny_gguf
from hub_home import NAME, small_model
from programs import SMOKE_MODEL

GGUF = "org/x-GGUF"
ADAPTER = {"adapter_config.json": b'{"base_model_name_or_path": "org/base"}', "adapters.safetensors": small_model()["model.safetensors"]}


def smoke_model(**more):
    return {**{file.name: file.read_bytes() for file in SMOKE_MODEL.iterdir() if file.is_file()}, **more}


def rows(home, name):
    return [model for model in json.loads(home.run("list", "--json").stdout)["models"] if model["name"] == name]


@pytest.fixture
def ggufs(home, hub, tmp_path):
    """A repository with two that are models by themselves, and what is none."""
    tiny = tiny_gguf.write(tmp_path / "t.gguf").read_bytes()
    hub.add(GGUF, {"README.md": b"x", "config.json": b"{}", "tiny-Q8_0.gguf": tiny, "tiny-Q4_0.gguf": tiny[:1000], "mmproj-tiny.gguf": tiny[:500],
                   "big-00001-of-00002.gguf": tiny[:10], "big-00002-of-00002.gguf": tiny[:10]})
    return home


def test_of_several_gguf_files_a_person_chooses(ggufs):
    told = ggufs.run("pull", GGUF)
    assert told.returncode == 2 and f"sanctum models pull {GGUF} --include FILE" in told.stderr, told.stderr
    assert "\n  tiny-Q8_0.gguf  " in told.stderr and "\n  tiny-Q4_0.gguf  1 kB\n" in told.stderr.replace("1.00 kB", "1 kB"), told.stderr
    assert "mmproj" not in told.stderr and "00002-of-00002" not in told.stderr
    assert not ggufs.half_visible(GGUF)


def test_what_is_said_of_a_gguf_file_is_what_serve_takes(ggufs, start_server):
    told = ggufs.run("pull", GGUF, "--include", "*Q8_0.gguf")
    path = told.stdout.strip() + "/tiny-Q8_0.gguf"
    assert told.returncode == 0 and f"serve it: sanctum serve {path}\n" in told.stderr, told.stderr
    [row] = rows(ggufs, GGUF)
    assert (row["path"], row["servable"], row["loaded_in_part"]) == (path, True, False), row
    whole = ggufs.run("check", GGUF)
    assert whole.returncode == 0 and "is whole: 1 file," in whole.stdout, whole.stdout
    assert f"`sanctum serve {path}`" in ggufs.run("info", GGUF).stderr
    server = start_server(path, environment=ggufs.environment)
    assert server.client().models.list().data[0].id == "tiny-Q8_0"


def test_the_only_gguf_file_is_taken(home, hub, tmp_path):
    hub.add(GGUF, {"README.md": b"x", "only.gguf": tiny_gguf.write(tmp_path / "t.gguf").read_bytes(), "mmproj-only.gguf": b"GGUF"})
    told = home.run("pull", GGUF)
    assert told.returncode == 0 and f"serve it: sanctum serve {told.stdout.strip()}/only.gguf" in told.stderr, told.stderr


def test_other_revisions_are_listed_and_checked(home, hub, small):
    hub.add(NAME, smoke_model(), revision="v1")
    snapshot = home.pull("--revision", "v1")
    [row] = rows(home, NAME)
    assert (row["revision"], row["servable"], row["loaded_in_part"]) == ("v1", True, False), row
    assert f"`sanctum serve {NAME}={snapshot}`" in home.run("list").stdout
    for words in ((), ("--revision", "v2")):
        told = home.run("check", NAME, *words)
        assert told.returncode == 2 and "was never downloaded; here is v1" in told.stderr and "did not end" not in told.stderr, told.stderr
    assert home.run("check", NAME, "--revision", "v1").returncode == 0
    assert f"sanctum serve {NAME}={snapshot}" in home.run("info", NAME).stderr
    home.pull()
    assert [row["revision"] for row in rows(home, NAME)] == ["main", "v1"]
    removed = home.run("remove", NAME, "--revision", "v1", "--yes")
    assert f"removed revision v1 of {NAME};" in removed.stdout and "here is still main" in removed.stdout, removed.stdout
    assert home.run("remove", NAME, "--revision", "main", "--yes").returncode == 0
    assert rows(home, NAME) == [], "nothing is left that could be gone on with"


def test_an_adapter_is_told_for_what_it_is(home, hub):
    hub.add(NAME, ADAPTER)
    told = home.run("pull", NAME)
    assert told.returncode == 0 and "an adapter (LoRA) of org/base" in told.stderr and "serve it" not in told.stderr, told.stderr
    [row] = rows(home, NAME)
    assert "adapter (LoRA)" in row["reason"] and not row["loaded_in_part"], row
    assert home.run("check", NAME).returncode == 0
    said = home.run("info", NAME).stderr
    assert "adapter (LoRA)" in said and "again" not in said, said


UNSERVABLE = {
    "no tokenizer.json": ({"tokenizer.json": None, "tokenizer.model": b"sentencepiece"}, "save_pretrained"),
    "another architecture": ({"config.json": b'{"model_type": "mamba"}'}, "'mamba'"),
    "a damaged tokenizer": ({"tokenizer.json": b"{"}, "--verify"),
}


@pytest.mark.parametrize("kind", UNSERVABLE)
def test_nothing_is_promised_that_would_be_refused(home, hub, kind):
    changed, word = UNSERVABLE[kind]
    hub.add(NAME, {name: content for name, content in {**smoke_model(), **changed}.items() if content is not None})
    told = home.run("pull", NAME)
    assert told.returncode == 0 and "serve it" not in told.stderr and "it cannot be served: " in told.stderr and word in told.stderr, told.stderr
    [row] = rows(home, NAME)
    assert row["servable"] is False and word in row["reason"], row


ADDRESSES = ("https://huggingface.co/org/small", "hf.co/org/small", "https://huggingface.co/org/small/tree/main")


@pytest.mark.parametrize("word", ADDRESSES)
def test_the_address_of_a_page_is_a_name(home, small, word):
    assert home.pull(name=word) == home.pull()


@pytest.mark.parametrize("word, said", [("org/x-GGUF:Q8_0", "--include '*Q8_0*.gguf'"), ("llama3.2:1b", "`ollama pull llama3.2:1b`"),
                                        ("https://other.example/org/x", "--hub")])
def test_names_of_other_programs_are_told_for_what_they_are(home, word, said):
    told = home.run("pull", word)
    assert told.returncode == 2 and said in told.stderr, told.stderr
