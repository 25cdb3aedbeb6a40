"""Coding agents as they come from npm, unmodified, over loopback, on the real engine: ./dev agents [AGENT...]

Prints a table: each agent, each case, what came of it. Ends with 1 where a case failed.
"""

import datetime
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import installed  # noqa: E402
import tiny_families  # noqa: E402
from cases import AGENTS, CONTENT, COUNTED, DONE, FILE, HELLO, script  # noqa: E402
from programs import program, wait_until  # noqa: E402
from sanctum_server import Server  # noqa: E402

POSITIONS = 131072
ANSWER_SECONDS_MAX = 300
PRESSES_MAX, PRESS_SECONDS = 30, 2
CACHED_MIN = 0.9  # of a second turn's prompt


class Wrong(Exception):
    """What a case found instead of what should be."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


class Bench:
    """One agent, a directory to work in, and servers for it."""

    def __init__(self, agent, root, model):
        self.agent, self.root, self.model, self.servers, self.processes = agent, root, model, [], []
        self.place = root / "work"
        self.place.mkdir()
        subprocess.run(["git", "init", "-q", self.place], check=True)
        self.script = root / "script.json"
        self.script.write_text(json.dumps(script(agent, self.place)))
        self.environment = installed.environment()

    def server(self, *arguments, fault=None):
        environment = {"SANCTUM_SCRIPT": str(self.script), **({"SANCTUM_FAULT": fault} if fault else {})}
        made = Server(self.root / f"state{len(self.servers)}", "--probes", "off", *arguments, f"scripted={self.model}", environment=environment)
        self.servers.append(made)
        return made.start()

    def start(self, server, prompt):
        words = [program("sanctum"), "launch", self.agent.name, "--anyway", "--url", server.url, "--", *self.agent.words(prompt, self.place)]
        self.processes.append(subprocess.Popen(words, cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE, text=True, start_new_session=True))
        return self.processes[-1]

    def ask(self, server, prompt):
        process = self.start(server, prompt)
        try:
            said, complained = process.communicate(timeout=ANSWER_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Wrong(f"no end within {ANSWER_SECONDS_MAX} s: {process.communicate()[0][-300:]}") from None
        return process.returncode, said, complained

    def requests(self, server):
        """(status, prompt tokens, cached tokens) of each that the journal has, in order."""
        with sqlite3.connect(server.state_dir / "journal.db") as journal:
            return journal.execute("SELECT status, prompt_tokens, cached_tokens FROM requests ORDER BY number").fetchall()

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for server in self.servers:
            if server.process.poll() is None:
                server.stop()


def running(server):
    return server.engine_stats()["running"]


def answers(bench):
    code, said, complained = bench.ask(bench.server(), "SAY-HELLO")
    expect(code == 0 and HELLO in said, f"ended with {code}: {said[-300:]} {complained[-300:]}")
    return "the answer"


def edits(bench):
    server = bench.server()
    code, said, complained = bench.ask(server, "WRITE-THE-NOTE")
    file = bench.place / FILE
    expect(file.exists() and CONTENT in file.read_text(), f"no {FILE}: {said[-300:]} {complained[-300:]}")
    expect(code == 0 and DONE in said, f"ended with {code}: {said[-300:]} {complained[-300:]}")
    turns = [(prompt, cached) for status, prompt, cached in bench.requests(server) if status == 200]
    prompt, cached = turns[-1]
    expect(cached >= CACHED_MIN * prompt, f"{cached} of {prompt} tokens of the second turn were cached")
    return f"{FILE} written; of the second turn's {prompt} tokens {cached} cached ({100 * cached / prompt:.0f} %)"


def press_until_ended(process):
    """Ctrl-C as a person presses it: some ask first, and some are busy when it comes."""
    for _ in range(PRESSES_MAX):
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=PRESS_SECONDS)
            return
        except subprocess.TimeoutExpired:
            pass
    raise Wrong(f"goes on after {PRESSES_MAX} times Ctrl-C")


def cancels(bench):
    server = bench.server(fault="slow:100")
    process = bench.start(server, "COUNT-UP")
    wait_until(lambda: running(server) > 0 and server.engine_stats()["completion_tokens"] > 10, ANSWER_SECONDS_MAX, "it is being answered")
    press_until_ended(process)
    wait_until(lambda: running(server) == 0, 30, "the engine does no more")
    return "the engine stops at once"


def too_long(bench):
    server = bench.server("--kv-bytes", "512kB")
    code, said, complained = bench.ask(server, "SAY-HELLO")
    # What `sanctum launch` says itself speaks of the context, too.
    everything = "\n".join(line for line in (said + complained).lower().splitlines() if "sanctum launch" not in line and "tokens of context, at" not in line)
    expect(bench.agent.too_long in everything, f"ended with {code}: {said[-300:]} {complained[-300:]}")
    return f"told, and ended with {code}"


def outlives(bench):
    server = bench.server(fault="slow:30")
    process = bench.start(server, "COUNT-UP")
    wait_until(lambda: server.engine_stats()["completion_tokens"] > 40, ANSWER_SECONDS_MAX, "it is being answered")
    server.kill_engine()
    said, complained = process.communicate(timeout=ANSWER_SECONDS_MAX)
    expect(process.returncode == 0 and COUNTED in " ".join(said.split()), f"ended with {process.returncode}: {said[-500:]} {complained[-300:]}")
    return "killed in mid-stream; the answer is whole"


CASES = {"an answer": answers, "a tool's edit, and the second turn": edits, "cancel": cancels, "a prompt that is too long": too_long,
         "the engine is killed": outlives}


def tried(agent, model):
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory(prefix="sanctum-agents-") as root:
            bench = Bench(agent, Path(root), model)
            try:
                yield name, True, case(bench)
            except (Wrong, AssertionError, subprocess.TimeoutExpired) as wrong:
                yield name, False, " ".join(str(wrong).split())
            finally:
                bench.close()


def main():
    names = sys.argv[1:] or [agent.name for agent in AGENTS]
    chosen = [agent for agent in AGENTS if agent.name in names]
    if len(chosen) != len(names):
        sys.exit(f"dev agents: there are {', '.join(agent.name for agent in AGENTS)}")
    installed.install(names)
    failed = False
    with tempfile.TemporaryDirectory(prefix="sanctum-agents-model-") as root:
        tiny_families.COMMON["max_position_embeddings"] = POSITIONS
        model = tiny_families.family("qwen3", Path(root))
        print(f"{datetime.date.today()}; each agent unmodified, over loopback\n\n| agent | case | |\n|---|---|---|", flush=True)
        for agent in chosen:
            version = installed.PACKAGES[agent.name]["version"]
            for name, well, what in tried(agent, model):
                failed |= not well
                print(f"| {agent.title} {version} | {name} | {'' if well else 'FAILED: '}{what} |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
