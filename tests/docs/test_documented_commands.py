"""Every command in README.md and docs/ is run as it stands there, and what a page names is there."""

import re
import shlex
import subprocess

import pytest

import pages
from programs import ROOT, program
from sandbox import Sandbox
from story import Story

README_LINES_MAX = 99
PAGE_LINES = range(20, 151)
WRONG_USAGE = "2"  # what is shown to be none
NOT_RUN_MAX = 8  # blocks, of all pages together
COMPARING = ("from-ollama.md", "from-llama-cpp.md")  # the first column of their tables is another program's
ALL = pages.all_pages()


def short_name(path):
    return str(path.relative_to(ROOT))


named = pytest.mark.parametrize("path", ALL, ids=short_name)


@pytest.mark.parametrize("path", [path for path in ALL if pages.read(path).blocks], ids=short_name)
def test_a_page_is_true_from_top_to_bottom(path):
    page = pages.read(path)
    sandbox = Sandbox()
    story = Story(page, sandbox)
    try:
        story.run()
        story.stop_server()
    finally:
        try:
            story.stop_server()
        finally:
            for words in (["service", "uninstall"], ["stop", "--now"]):
                subprocess.run([program("sanctum"), *words], env=sandbox.environment, capture_output=True, timeout=90)
            sandbox.remove()


def test_what_is_not_run_says_why_and_is_little():
    faults, excused = [], []
    for path in ALL:
        page = pages.read(path)
        faults += [f"{path.name}, {fault}" for fault in page.faults]
        excused += [f"{path.name}, line {block.line}: {block.notes['not run']}" for block in page.blocks if "not run" in block.notes]
    assert not faults, "\n".join(faults)
    assert len(excused) <= NOT_RUN_MAX, "\n".join(excused)


def test_links_and_their_anchors_lead_somewhere():
    broken = []
    for path in [*ALL, *pages.GENERATED, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]:
        for target, anchor in pages.links(path):
            file = (path.parent / target).resolve() if target else path
            if not file.exists() or (anchor and anchor not in pages.anchors(file)):
                broken.append(f"{path.name}: {target}#{anchor}")
    assert not broken, "\n".join(broken)


def test_pages_are_short_and_listed():
    listed = {target for target, _ in pages.links(ROOT / "docs" / "README.md")}
    for path in ALL:
        lines = len(path.read_text().splitlines())
        if path == pages.README:
            assert lines <= README_LINES_MAX
        else:
            assert lines in PAGE_LINES, f"{path.name} has {lines} lines"
            assert path.name in listed or path.name == "README.md", f"docs/README.md does not name {path.name}"


# --- what is named exists ---------------------------------------------------------------------------

@pytest.fixture(scope="module")
def helps():
    """The help of every command, by its words."""
    found = {}

    def ask(words):
        text = subprocess.run([program("sanctum"), *words, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        found[words] = text
        listed = text if not words else "".join(re.findall(r"^Subcommands:\n(?:  .*\n)*", text, re.M))
        for name in re.findall(r"^  ([a-z]+) {2,}\S", listed, re.M):
            ask((*words, name))

    ask(())
    return found


def flags_in(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))


def faults_of_command(words, helps):
    """Of `sanctum WORDS`: what of it is no command, or no flag of that command."""
    command, rest = (), list(words)
    while rest and (*command, rest[0]) in helps:
        command = (*command, rest.pop(0))
    subcommands = [known for known in helps if len(known) == len(command) + 1 and known[:-1] == command]
    if rest and subcommands and re.fullmatch("[a-z]+", rest[0]):
        return [f"there is no command '{' '.join((*command, rest[0]))}'"]
    if command == ("launch",):
        rest = rest[:rest.index("--")] if "--" in rest else rest  # the words behind it are the agent's
    known = flags_in(helps[command]) | ({"--"} if command[:1] == ("service",) else set())
    if "--" in rest:  # the words behind it are `serve`'s
        known |= flags_in(helps[("serve",)])
    return [f"`sanctum {' '.join(command)}` has no {word}" for word in (w.split("=")[0] for w in rest) if word.startswith("-") and word not in known and len(word) > 1]


def commands_named(page):
    for code in pages.spoken_code(page, page.path.name in COMPARING):
        if code.startswith("sanctum "):
            yield code
    for block in page.blocks:
        if block.kind in ("sh", "console") and block.notes.get("exits") != WRONG_USAGE:
            for line in block.text.replace("\\\n", " ").splitlines():
                for told in re.findall(r"(?:^|[|;&] *|\$ |\$\(|sudo )sanctum ([^|;&)<>]*)", line):
                    yield "sanctum " + told


@named
def test_commands_and_flags_that_a_page_names_exist(path, helps):
    page, faults = pages.read(path), []
    for told in commands_named(page):
        faults += [f"{fault}: {told}" for fault in faults_of_command(shlex.split(told, comments=True)[1:], helps)]
    every_flag = set().union(*map(flags_in, helps.values()))
    for code in pages.spoken_code(page, path.name in COMPARING):
        if re.match(r"--?[a-z]", code) and code.split()[0].split("=")[0] not in every_flag:
            faults.append(f"no command has {code}")
    assert not faults, "\n".join(faults)


def test_every_command_is_spoken_of(helps):
    told = " ".join(command for path in ALL for command in commands_named(pages.read(path)))
    missing = [" ".join(words) for words in helps if words and f"sanctum {' '.join(words)}" not in told]
    assert not missing, missing


def test_variables_that_pages_name_are_read_somewhere():
    source = "".join(path.read_text() for folder in ("src", "apps") for path in (ROOT / folder).rglob("*.cpp"))
    known = set(re.findall(r"SANCTUM_[A-Z_]+", source + "".join(path.read_text() for path in pages.GENERATED)))
    for path in ALL:
        unknown = set(re.findall(r"SANCTUM_[A-Z_]+", path.read_text())) - known
        assert not unknown, f"{path.name}: {unknown}"


def test_what_dev_is_told_to_do_it_can_do():
    usage = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, timeout=60, check=True).stdout
    known = set(re.findall(r"^  ([a-z]+) ", usage, re.M))
    for path in ALL:
        assert set(re.findall(r"\./dev ([a-z]+)", path.read_text())) <= known, path.name
