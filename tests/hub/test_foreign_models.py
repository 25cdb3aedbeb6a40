"""What Ollama and LM Studio keep: listed, served through the import, and never touched."""

import hashlib
import json
import resource

import pytest

import tiny_gguf
from hub_home import Home
from programs import SMOKE_MODEL


def layer(kind, content, blobs):
    digest = hashlib.sha256(content).hexdigest()
    (blobs / f"sha256-{digest}").write_bytes(content)
    return {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


def add_to_ollama(models, name, tag, *layers):
    """`layers`: (kind, content)."""
    (models / "blobs").mkdir(parents=True, exist_ok=True)
    folder = models / "manifests" / "registry.ollama.ai" / "library" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / tag).write_text(json.dumps({"schemaVersion": 2, "layers": [layer(*each, models / "blobs") for each in layers]}))


@pytest.fixture
def shelves(tmp_path, hub):
    """A home with both, and what of it the tests expect to stay as it is."""
    home = Home(tmp_path, hub)
    tiny = tiny_gguf.write(tmp_path / "tiny.gguf").read_bytes()
    other = tiny_gguf.write(tmp_path / "other.gguf", architecture="mamba").read_bytes()
    ollama, studio = tmp_path / ".ollama" / "models", tmp_path / ".lmstudio" / "models"
    add_to_ollama(ollama, "tiny", "1m", ("model", tiny), ("license", b"free"))
    add_to_ollama(ollama, "strange", "latest", ("model", other))
    add_to_ollama(ollama, "sees", "latest", ("model", tiny), ("projector", b"GGUFclip"))
    for name, content in {"pub/tiny/tiny-Q8_0.gguf": tiny, "pub/big/big-00001-of-00002.gguf": tiny, "pub/big/big-00002-of-00002.gguf": tiny}.items():
        (studio / name).parent.mkdir(parents=True, exist_ok=True)
        (studio / name).write_bytes(content)
    (studio / "mlx" / "smoke").mkdir(parents=True)
    for file in SMOKE_MODEL.iterdir():
        if file.is_file():
            (studio / "mlx" / "smoke" / file.name).write_bytes(file.read_bytes())
    return home


def everything(home):
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for shelf in (".ollama", ".lmstudio") for path in (home.directory / shelf).rglob("*")}


def test_they_are_listed_with_what_can_be_served(shelves):
    before = everything(shelves)
    told = {model["name"]: model for model in json.loads(shelves.run("list", "--json").stdout)["models"]}
    servable = {name: model["servable"] for name, model in told.items()}
    assert servable == {"ollama:tiny:1m": True, "ollama:strange:latest": False, "ollama:sees:latest": True, "lmstudio:pub/tiny": True,
                        "lmstudio:pub/big": False, "lmstudio:mlx/smoke": True}
    assert "'mamba'" in told["ollama:strange:latest"]["reason"]
    assert "--merge" in told["lmstudio:pub/big"]["reason"]
    assert "picture" in told["ollama:sees:latest"]["left_out"]
    assert {model["owner"] for model in told.values()} == {"Ollama", "LM Studio"}
    lines = shelves.run("list").stdout
    assert "ollama:tiny:1m " in lines and str(shelves.directory / ".ollama") in lines
    assert everything(shelves) == before


def test_a_list_bears_that_files_may_not_be_longer(shelves):
    told = shelves.run("list", "--json", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)))
    assert told.returncode == 0, told.stderr
    assert {model["name"]: model["servable"] for model in json.loads(told.stdout)["models"]}["lmstudio:mlx/smoke"]


def test_they_are_served_by_their_names_and_stay_as_they_are(shelves, start_server):
    before = everything(shelves)
    server = start_server("ollama:tiny:1m", "studio=lmstudio:pub/tiny", "lmstudio:mlx/smoke", environment=shelves.environment)
    client = server.client()
    assert [model.id for model in client.models.list().data] == ["tiny:1m", "studio", "mlx/smoke"]
    for model in ("tiny:1m", "studio"):
        assert client.completions.create(model=model, prompt="Hi", max_tokens=3, temperature=0).usage.completion_tokens > 0
    server.stop()
    assert everything(shelves) == before


def test_what_ollama_lays_over_a_file_is_told_and_latest_is_no_other_name(shelves, start_server):
    """The system prompt and the parameters were dropped without a word, and the name that Ollama lists was a 404."""
    add_to_ollama(shelves.directory / ".ollama" / "models", "dressed", "latest", ("model", (shelves.directory / "tiny.gguf").read_bytes()),
                  ("template", b"{{ .Prompt }}"), ("system", b"Be brief."), ("params", json.dumps({"num_ctx": 4096, "temperature": 0.5}).encode()))
    said = "Ollama's own layers are not used: a template, a system prompt, parameters (num_ctx, temperature)"
    assert f"not served    {said}" in shelves.run("info", "ollama:dressed").stdout
    assert {model["name"]: model["left_out"] for model in json.loads(shelves.run("list", "--json").stdout)["models"]}["ollama:dressed:latest"].startswith(said)
    server = start_server("ollama:dressed", environment=shelves.environment)
    assert f"'dressed': {said}" in server.log()
    for name in ("dressed", "dressed:latest"):
        assert server.client().completions.create(model=name, prompt="Hi", max_tokens=2).model == "dressed"


def test_what_is_another_programs_is_not_removed(shelves):
    before = everything(shelves)
    for name, owner, word in (("ollama:tiny:1m", "Ollama", "ollama rm tiny:1m"), ("lmstudio:pub/tiny", "LM Studio", "My Models")):
        for command in (("remove", name, "--yes"), ("check", name)):
            refused = shelves.run(*command)
            assert refused.returncode == 2 and f"belongs to {owner}" in refused.stderr, refused.stderr
            assert (word in refused.stderr) == (command[0] == "remove"), refused.stderr
    assert everything(shelves) == before


def test_another_folder_is_named_by_ollamas_own_variable(shelves):
    elsewhere = shelves.directory / "elsewhere"
    add_to_ollama(elsewhere, "mine", "latest", ("model", (shelves.directory / "tiny.gguf").read_bytes()))
    told = json.loads(shelves.run("list", "--json", environment={"OLLAMA_MODELS": str(elsewhere)}).stdout)["models"]
    assert [model["name"] for model in told if model["owner"] == "Ollama"] == ["ollama:mine:latest"]


@pytest.mark.parametrize("name, word", [("ollama:../../tiny", "no name"), ("ollama:a/../b", "no name"), ("lmstudio:../x", "no name"),
                                        ("ollama:tinny:1m", "did you mean 'ollama:tiny:1m'"), ("lmstudio:pub/big", "--merge")])
def test_names_that_lead_nowhere_say_so(shelves, name, word):
    told = shelves.run("info", name)
    assert told.returncode == 2 and word in told.stderr, told.stderr
