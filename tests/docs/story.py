"""A page's blocks, run from top to bottom as a reader would, with one server that its `sanctum serve` lines start."""

import difflib
import re
import signal
import subprocess
import sys

from programs import wait_until
from sandbox import varying_masked
from terminal import Terminal

# What a reader assigns in one block is there in the next.
BASH = 'set -euo pipefail; [ ! -e "$HOME/.variables" ] || . "$HOME/.variables"; set -a; trap \'export -p > "$HOME/.variables"\' EXIT; . "$HOME/.block"'
READY = r"^ready http.*\n"
PROMPTS = ("> ", "... ")
PROVEN_SECONDS_MAX = 60
STAYS = re.compile(r"sanctum serve\b(?!.*--(check|reference|help)\b)")


class Failed(AssertionError):
    pass


def commands_of(block):
    """The lines of a block of commands that do something; those that go on are one."""
    joined = block.text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def starts_servers(block):
    return block.kind == "sh" and not {"exits", "not run"} & block.notes.keys() and any(STAYS.match(line) for line in commands_of(block))


class Story:
    def __init__(self, page, sandbox):
        self.page, self.sandbox = page, sandbox
        self.server = None
        self.printed = None

    def run(self):
        for block in self.page.blocks:
            try:
                self._run(block)
            except AssertionError as why:
                raise Failed(f"{self.page.path.name}, line {block.line}:\n{block.text}\n\n{why}") from None
        assert self.printed is not None, f"{self.page.path.name} has nothing to run"

    def _run(self, block):
        if block.kind == "text":
            assert self.printed is not None, "it shows what nobody printed"
            self._compare(block.text, self.printed)
        elif block.kind == "toml":
            (self.sandbox.home / block.notes["file"]).write_text(block.text + "\n")
        elif "not run" in block.notes:
            self.printed = None
        elif block.kind == "console":
            self._talk(block.text)
        elif block.kind == "python":
            self._expect(block, [sys.executable, "-c", self.sandbox.as_here(block.text)])
        elif starts_servers(block):
            for line in commands_of(block):
                assert STAYS.match(line), f"beside `sanctum serve`, which stays, there stands: {line}"
                self._serve(line)
        else:
            (self.sandbox.home / ".block").write_text(self.sandbox.as_here(block.text) + "\n")
            self._expect(block, ["bash", "-c", BASH])

    def _start(self, words, typed=False):
        return Terminal(*words, typed=typed, env=self.sandbox.environment, cwd=self.sandbox.home)

    def _expect(self, block, words):
        terminal = self._start(words)
        try:
            code, self.printed = terminal.end()
        finally:
            terminal.close()
        wanted = int(block.notes.get("exits", 0))
        assert code == wanted, f"it ended with {code}, not {wanted}, and printed:\n{self.printed}"

    def _serve(self, line):
        self.stop_server()
        self.server = self._start(["bash", "-c", "exec " + self.sandbox.as_here(line)])
        self.printed = self.server.until(READY)
        assert re.search(READY, self.printed, re.M), f"it did not become ready:\n{self.printed}"
        self._wait_for_all_models()

    def _wait_for_all_models(self):
        """The server is ready with its first model; who types the next command has the others by then, even where tests take the cores."""
        words = ["sanctum", "models"]

        def proven():
            told = subprocess.run(words, env=self.sandbox.environment, cwd=self.sandbox.home, capture_output=True, text=True, timeout=60)
            return told.returncode != 0 or "unproven" not in told.stdout

        wait_until(proven, PROVEN_SECONDS_MAX, "no model is unproven")

    def stop_server(self):
        if self.server is None:
            return
        server, self.server = self.server, None
        try:
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGTERM)
            code, said = server.end()
        finally:
            server.close()
        assert code in (0, 3), f"the server ended with {code}:\n{said[-4000:]}"

    def _talk(self, text):
        """Types what stands behind the prompts, each once the prompt is there."""
        first, *lines = text.splitlines()
        assert first.startswith("$ "), "a console block begins with `$ COMMAND`"
        terminal = self._start(["bash", "-c", "exec " + self.sandbox.as_here(first[2:])], typed=True)
        talk, typed = [], ""
        try:
            for line in lines:
                prompt = next((p for p in PROMPTS if line.startswith(p)), None)
                if prompt is None:
                    continue
                said = terminal.take_until(prompt)
                talk += [*without_echo(said, typed), line]
                typed = line[len(prompt):]
                terminal.type(self.sandbox.as_here(typed) + "\n")
            code, rest = terminal.end()
            assert code == 0, f"it ended with {code}:\n{rest}"
            self._compare("\n".join(lines), "\n".join([*talk, *without_echo(rest, typed)]))
        finally:
            terminal.close()

    def _compare(self, wanted, printed):
        wanted, printed = varying_masked(wanted.strip("\n")), self.sandbox.as_documented(printed.strip("\n"))
        assert re.fullmatch(pattern_of(wanted), printed + "\n"), "\n".join(
            ["it printed something else (-: the page, +: the program):", *difflib.ndiff(wanted.splitlines(), printed.splitlines())])


def without_echo(said, typed):
    """What a program said, without what was typed, which a line editor may show more than once."""
    lines = said.splitlines()
    while lines and typed and lines[0].removeprefix("> ") == typed:
        lines.pop(0)
    return lines


def pattern_of(wanted):
    """`...` alone on a line is any lines, within one it is anything."""
    lines = []
    for line in wanted.splitlines():
        lines.append(r"(?:.*\n)*?" if line.strip() == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n")
    return "".join(lines)
