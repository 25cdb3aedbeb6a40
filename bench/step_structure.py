"""What one decode step is made of: nodes of MLX's graph, kernels among them, evaluations and waits of the host.

Counted, not timed. Ours by sanctum-step-structure, mlx_lm's by the functions that its generators call.
"""

import contextlib
import json
import re
import sys
import tempfile
from pathlib import Path

import models
from child import Failed, output_of
from settings import PROGRAMS
from table import Group, Row

OURS, KERNELS, MLX_LM = "sanctum, MLX's operations", "sanctum, own kernels", "mlx_lm"
SEQUENCES = [1, 8]
STEPS = 128  # so that each sequence fills two blocks that are kept for others
SECONDS_MAX = 300
NODE = re.compile(r'label ="([^"]*)", shape=rectangle')
# They move or compute nothing: another shape, order or part of what is there.
VIEWS = {"Broadcast", "ExpandDims", "Flatten", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unflatten",
         "BroadcastAxes", "AsStrided"}
STAND_IN = "Depends"  # the second node of a stand-in, which only holds inputs


def counted(dot):
    names = [name for name in NODE.findall(dot) if name != STAND_IN]
    return {"nodes": len(names), "kernels": sum(name not in VIEWS for name in names)}


def ours(kernels, sequences):
    program = PROGRAMS / "sanctum-step-structure"
    with tempfile.TemporaryDirectory() as directory:
        graph = Path(directory) / "step.dot"
        command = [program, models.model(models.TINY), kernels, sequences, STEPS, graph]
        evaluations = json.loads(output_of(program.name, command, SECONDS_MAX))["evaluations"] / STEPS
        return counted(graph.read_text()) | {"evaluations": evaluations, "waits": evaluations}


def beside(sequences):
    """In a process of its own, which runs this file: mlx_lm takes over MLX's default streams."""
    command = [sys.executable, __file__, models.model(models.TINY), sequences]
    return json.loads(output_of(MLX_LM, command, SECONDS_MAX))


def run(settings):
    group = Group("structure", "one decode step, model of two layers", [OURS, KERNELS, MLX_LM],
                  notes=["kernels: nodes but for views; waits: how often the host stops until the device is done",
                         "mlx_lm hands over a step before it waits for the one before it, and samples on the device"])
    for sequences in SEQUENCES:
        counts, reasons = {}, {}
        for column, count in [(OURS, lambda n: ours("mlx", n)), (KERNELS, lambda n: ours("cpu", n)), (MLX_LM, beside)]:
            try:
                counts[column] = count(sequences)
            except Failed as failure:
                reasons[column] = str(failure)
        for what in ["nodes", "kernels", "evaluations", "waits"]:
            values = {column: [count[what]] for column, count in counts.items()}
            group.rows.append(Row(f"{sequences} sequence{'s' * (sequences > 1)}: {what}", "a step", values, reasons))
    yield group


@contextlib.contextmanager
def watched(mx):
    """Counts what mlx_lm evaluates, and keeps the graph of one step."""
    seen = {"async": 0, "eval": 0, "dot": None}
    eval_now, eval_later = mx.eval, mx.async_eval

    def later(*arrays):
        seen["async"] += 1
        if seen["async"] == 3:
            with tempfile.NamedTemporaryFile("r", suffix=".dot") as file:
                flat = [a for part in arrays for a in (part if isinstance(part, list) else [part])]
                mx.export_to_dot(file.name, *flat)
                seen["dot"] = file.read()
        return eval_later(*arrays)

    def now(*arrays):
        seen["eval"] += 1
        return eval_now(*arrays)

    mx.eval, mx.async_eval = now, later
    try:
        yield seen
    finally:
        mx.eval, mx.async_eval = eval_now, eval_later


def stand_in(mx):
    """One node for each of MLX's fast operations, as on a GPU: see sanctum-step-structure."""
    def attention(queries, keys, values, *, scale, mask=None, **_):
        return mx.depends(mx.abs(queries), [keys, values, *([mask] if isinstance(mask, mx.array) else [])])

    def rope(x, *_, offset, **__):
        return mx.depends(mx.abs(x), [offset]) if isinstance(offset, mx.array) else mx.abs(x)

    mx.fast.rms_norm = lambda x, weight, eps: mx.abs(x)
    mx.fast.rope = rope
    mx.fast.scaled_dot_product_attention = attention


def count_mlx_lm(directory, sequences):
    import mlx.core as mx
    from mlx_lm.generate import BatchGenerator, generate_step
    from mlx_lm.utils import load_model

    stand_in(mx)
    model, _ = load_model(Path(directory))
    prompts = [[1 + 16 * i + j for j in range(16)] for i in range(sequences)]
    if sequences == 1:
        steps = generate_step(mx.array(prompts[0]), model, max_tokens=STEPS + 16)
        advance = lambda: next(steps)
    else:
        generator = BatchGenerator(model, max_tokens=STEPS + 16)
        generator.insert(prompts)
        while len(generator.next()[1]) < sequences:
            pass
        advance = generator.next
    for _ in range(4):
        advance()
    with watched(mx) as seen:
        for _ in range(STEPS):
            advance()
    # One token alone is read with item(), which waits as eval does.
    waits = seen["eval"] if sequences > 1 else STEPS
    return counted(seen["dot"]) | {"evaluations": seen["async"] / STEPS, "waits": waits / STEPS}


if __name__ == "__main__":
    print(json.dumps(count_mlx_lm(sys.argv[1], int(sys.argv[2]))))
