"""Chat templates that come with a model and mean harm: each is refused, and costs the engine nothing."""

import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from engine_process import Engine, Refused
from programs import PROVE, SMOKE_MODEL, program

MIB = 1 << 20
RENDER_BYTES_MAX = 64 * MIB  # engine/template_frames.h
BESIDE_BYTES_MAX = 64 * MIB  # what an engine may need beside that
GROW = "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = EXPRESSION %}{% endfor %}"
DEEP = "{% set ns = namespace(a=[]) %}{% for i in range(9999) %}{% for j in range(99) %}{% set ns.a = [ns.a] %}{% endfor %}{% endfor %}"
LAUGHS = "{% set ns = namespace(a=['lol'], b=['lol']) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}"

OUT_OF_MEMORY = 3  # a renderer's exit status; both in engine/template_frames.h
SAID, REFUSED, NOT_COMPILED = range(3)
MEMORY, TIME, DEPTH = "MiB of memory", "ms of processor time", "broke the process"
HOSTILE = {
    "concatenated": (GROW.replace("EXPRESSION", "ns.s ~ ns.s"), (MEMORY, TIME)),
    "added": (GROW.replace("EXPRESSION", "ns.s + ns.s"), (MEMORY, TIME)),
    "multiplied": (GROW.replace("EXPRESSION", "ns.s * 9"), (MEMORY, TIME, "too large")),
    "multiplied at once": ("{% set n = 99999999 %}{{ messages[0].role[:1] * n }}", (MEMORY, TIME)),
    "folded by the compiler": ("{{ 'x' * 99999999 }}{{ 'y' * 99999999 }}", (MEMORY, TIME)),
    "replaced": (GROW.replace("EXPRESSION", "ns.s | replace('x', 'xx')"), (MEMORY, TIME)),
    "replaced by a method": (GROW.replace("EXPRESSION", "ns.s.replace('x', 'xx')"), (MEMORY, TIME)),
    "joined": (GROW.replace("EXPRESSION", "[ns.s, ns.s, ns.s] | join(ns.s)"), (MEMORY, TIME)),
    "joined by a method": (GROW.replace("EXPRESSION", "ns.s.join([ns.s, ns.s])"), (MEMORY, TIME)),
    "formatted wide": ("{{ '%999999999d' | format(1) }}", (MEMORY, TIME, "too")),
    "formatted wide by a method": ("{{ '{:>999999999}'.format(1) }}", (MEMORY, TIME, "too")),
    "formatted": (GROW.replace("EXPRESSION", "'%s%s' | format(ns.s, ns.s)"), (MEMORY, TIME)),
    "indented": ("{{ ('a\n' * 99999) | indent(99999) }}", (MEMORY, TIME)),
    "indented at once": ("{{ 'a\nb' | indent(9999999999) }}", (MEMORY, "panic", "overflow")),
    "as JSON": (GROW.replace("EXPRESSION", "(ns.s ~ '\"') | tojson"), (MEMORY, TIME)),
    "captured": (GROW.replace("{% set ns.s = EXPRESSION %}", "{% set t %}{{ ns.s }}{{ ns.s }}{% endset %}{% set ns.s = t %}"), (MEMORY, TIME)),
    "written": (GROW.replace("EXPRESSION", "ns.s ~ 'x' * 99999") + "{% for i in range(9999) %}{{ ns.s }}{% endfor %}", (MEMORY, TIME)),
    "listed": ("{{ (((range(99999) | list) * 900) | list) | length }}", (MEMORY, TIME)),
    "sliced": ("{{ ['x'] | slice(99999999) | list | length }}", (MEMORY, TIME)),
    "batched": ("{{ ['x'] | batch(999999999, 'y') | list | length }}", (MEMORY, TIME)),
    "laughs in text": (LAUGHS + "{{ ns.a }}", (MEMORY, TIME)),
    "laughs as JSON": (LAUGHS + "{{ ns.a | tojson }}", (MEMORY, TIME, "nested")),
    "laughs compared": (LAUGHS + "{{ ns.a == ns.b }}", (TIME,)),
    "deep": (DEEP, (DEPTH, MEMORY, TIME)),
    "deep in text": (DEEP.replace("range(9999)", "range(999)") + "{{ ns.a }}", (DEPTH, TIME)),
    "endless": ("{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}", (TIME, "fuel")),
    "raised": (GROW.replace("60", "20").replace("EXPRESSION", "ns.s ~ ns.s") + "{{ raise_exception(ns.s) }}", ("xxxxxxxx",)),
    "recursive": ("{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('xxxxxxxx') }}", (MEMORY, "recursion", TIME)),
    "parentheses": ("{{ " + "(" * 100000 + "1" + ")" * 100000 + " }}", ("", )),
}


IN_AN_ENGINE = ("concatenated", "multiplied at once", "replaced", "joined", "formatted wide", "laughs compared", "deep in text", "raised")


def field_of(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name + ":"))


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def model_with(template, directory):
    shutil.copytree(SMOKE_MODEL, directory, ignore=shutil.ignore_patterns("recipe"))
    (directory / "chat_template.jinja").write_text(template)
    return directory


def ask(engine, request, model, text="What is 2 + 3?"):
    return engine.call("generate", request=request, model=model, messages=[{"role": "user", "content": text}],
                       sampling={"temperature": 0, "max_tokens": 8})


def test_a_hostile_template_is_refused_and_costs_the_engine_nothing(tmp_path):
    directory = model_with("{{ messages[0].content }}", tmp_path / "model")
    engine = Engine()
    try:
        engine.load(SMOKE_MODEL, model="good")
        ask(engine, "first", "good")
        engine.completed("first")
        before = field_of(engine.process.pid, "VmHWM")
        for name in IN_AN_ENGINE if not PROVE else HOSTILE:
            template, expected = HOSTILE[name]
            (directory / "chat_template.jinja").write_text(template)
            engine.load(directory, model="bad")
            with pytest.raises(Refused) as refused:
                ask(engine, name, "bad")
                raise AssertionError(f"'{name}' was rendered")
            assert refused.value.data["field"] == "messages", (name, refused.value.text)
            assert any(words in refused.value.text for words in expected), (name, refused.value.text)
            assert len(refused.value.text) < 16 << 10, name
            engine.call("unload_model", model="bad")
        ask(engine, "last", "good")
        engine.completed("last")
        assert "5" in engine.text("last")
        grown = field_of(engine.process.pid, "VmHWM") - before
        print(f"the engine's peak grew by {grown / MIB:.1f} MiB")
        assert grown <= RENDER_BYTES_MAX + BESIDE_BYTES_MAX
    finally:
        engine.stop()


def test_a_large_prompt_is_no_attack():
    """Memory is for what a template makes of its input: the more it is given, the more it may take."""
    engine = Engine()
    try:
        engine.load(SMOKE_MODEL)
        with pytest.raises(Refused) as refused:
            ask(engine, "r", "m", "word " * (2 * MIB))
        assert "too many" in refused.value.text, "it was rendered, and found too long only then"
    finally:
        engine.stop()


def rendering(template):
    parts = [template.encode(), b'[{"role":"user","content":"hi"}]', b"null", b"{}", b"{}"]
    return struct.pack("=6Q", *map(len, parts), 1) + b"".join(parts)


# A small process between: what a child's parent held when it was made counts as the child's own peak.
LAUNCHER = """
import os, socket, sys
ours, theirs = socket.socketpair()
theirs.set_inheritable(True)
child = os.posix_spawn(sys.argv[1], [sys.argv[1], "--render-fd", str(theirs.fileno())], os.environ)
theirs.close()
ours.sendall(sys.stdin.buffer.read())
ours.shutdown(socket.SHUT_WR)
said = b"".join(iter(lambda: ours.recv(1 << 20), b""))
_, status, usage = os.wait4(child, 0)
sys.stdout.buffer.write(b"%d %d\\n" % (os.waitstatus_to_exitcode(status), usage.ru_maxrss << 10) + said)
"""


def rendered(template):
    """What a renderer of its own says, how it ended, and the most memory it had."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", LAUNCHER, program("sanctum-engine")], input=rendering(template), capture_output=True, check=True)
    head, _, said = done.stdout.partition(b"\n")
    code, peak = map(int, head.split())
    return said, code, peak


def test_a_renderers_peak_is_its_limit():
    said, code, idle = rendered("{{ messages[0].content }}")
    assert said == struct.pack("=QQ", SAID, 2) + b"hi" and code == 0
    for name, (template, _) in HOSTILE.items():
        if name.startswith("deep"):
            continue  # it is the stack that ends those, at the system's own limit
        said, code, peak = rendered(template)
        print(f"{name}: {code}, {(peak - idle) / MIB:.1f} MiB")
        assert code in (OUT_OF_MEMORY, -signal.SIGPROF) or said[:8] == struct.pack("=Q", REFUSED) or said[:8] == struct.pack("=Q", NOT_COMPILED), name
        assert peak - idle <= RENDER_BYTES_MAX + BESIDE_BYTES_MAX, name


CHECKER = """
import os, sys
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss << 10)
"""


def checked(directory):
    """How a check of the model before a load ends, and the most memory that it or its renderer had."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", CHECKER, program("sanctum-engine"), "--check-texts", "--check", f"m={directory}"],
                          capture_output=True, text=True, check=True)
    return map(int, done.stdout.split()[-2:])


def test_a_check_before_a_load_is_bounded_too(tmp_path):
    """It rendered in itself, where nothing is bounded."""
    code, idle = checked(SMOKE_MODEL)
    assert code == 0
    code, peak = checked(model_with(HOSTILE["multiplied at once"][0], tmp_path / "model"))
    assert code == 0, "such a model answers no chats, and is served"
    assert peak - idle <= RENDER_BYTES_MAX + BESIDE_BYTES_MAX


def render_together(engine):
    """What is too long for the model, which is found out once it is rendered."""
    long = [{"role": "user", "content": "word " * 200_000}]
    for asked in [engine.send("generate", request=f"long{number}", model="m", messages=long, sampling={"max_tokens": 1}) for number in range(6)]:
        with pytest.raises(Refused, match="bytes, too many|tokens"):
            engine.answer(asked)


def several_renderers(engine):
    """Processes that wait for the next template: one for each thread that rendered at the same time."""
    for _ in range(20):
        render_together(engine)
        children = children_of(engine.process.pid)
        if len(children) > 1:
            return children
    raise AssertionError("never two at a time")


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_renderers_that_are_ended_from_outside_are_replaced(loaded_engine, ended_by):
    """All of them: the second one that was asked had been killed as well, and one that was stopped was waited for two minutes and a half."""
    ask(loaded_engine, "before", "m")
    loaded_engine.completed("before")
    children = several_renderers(loaded_engine)
    watches = [os.pidfd_open(child) for child in children]
    for child in children:
        os.kill(child, ended_by)
    ask(loaded_engine, "after", "m")
    loaded_engine.completed("after")
    assert loaded_engine.text("after") == loaded_engine.text("before")
    for _ in range(20):  # until each of them was taken once
        render_together(loaded_engine)
        if len(select.select(watches, [], [], 0)[0]) == len(watches):
            break
    for watch in watches:
        assert select.select([watch], [], [], 0)[0], "none is left behind"
        os.close(watch)


def test_no_renderer_outlives_its_engine():
    engine = Engine()
    engine.load(SMOKE_MODEL)
    ask(engine, "r1", "m")
    watches = [os.pidfd_open(child) for child in children_of(engine.process.pid)]
    assert watches
    engine.process.kill()
    engine.process.wait()
    for watch in watches:
        assert select.select([watch], [], [], 60)[0], "it ends with its engine"
        os.close(watch)
