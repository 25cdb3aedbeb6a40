"""A real model, SmolLM2-135M-Instruct: on real weights arithmetic errs a thousand times more than on the built-in model's.

Its weights and tokens are what GGUF, MLX and llama.cpp make of the same file (tests/real_model/goldens). The float
path, its weights dequantized to float32, is what mlx-lm computes with them. How far integer arithmetic is from that
is told in nat: the divergence of the distributions of the next token, at every position of a text.
"""

import hashlib
import json
import shutil

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file
from test_text import Probe

from programs import PROVE, count
from real_model import convert, corpus, logits, prepare, with_mlx_lm

FLOAT_ERROR_MAX = 1e-3
KL_MAX = 0.005  # nat, mean over all positions
KL_16_BIT_MAX = 1e-4
KL_8_BIT_BOTH_MAX = 0.01
TEXTS = count(["prose"], list(corpus.KINDS))
POSITIONS_MAX = count(512, 1024)  # of a text
POSITIONS_MIN = count(512, 2000)  # of all of them
STOCK_PROMPTS = count([1], [0, 1, 2, 3])  # that MLX's operations compute too, which takes its time
AGREEMENT_MIN = 0.95  # of likeliest tokens, with llama.cpp
LOGPROB_ERROR_MAX = 0.1  # mean, of llama.cpp, which quantizes too


@pytest.fixture(scope="module")
def prepared():
    return prepare.prepared()


@pytest.fixture(scope="module")
def llama_cpp():
    return json.loads((corpus.GOLDENS / "llama_cpp.json").read_text())


@pytest.fixture(scope="module")
def probe(prepared):
    running = Probe(prepared.model)
    yield running
    running.close()


def in_llama_cpps_order(array, heads):
    """Rows of q or k: i and i + size / 2 of a head, which are rotated together, side by side."""
    size = array.shape[0] // heads
    at = [head * size + half * (size // 2) + i for head in range(heads) for i in range(size // 2) for half in (0, 1)]
    return array[at]


def stored(weights, name, heads):
    """Our arrays under the file's name of the tensor, in the file's order of rows."""
    path = convert.our_name(name)
    arrays = {kind: weights[f"{path}.{kind}"] for kind in ("weight", "scales", "biases") if f"{path}.{kind}" in weights}
    part = name.split(".")[-2]
    return {kind: in_llama_cpps_order(array, heads[part]) if part in heads else array for kind, array in arrays.items()}


@pytest.fixture(scope="module")
def heads(prepared):
    config = json.loads((prepared.model / "config.json").read_text())
    return {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}


def test_the_converted_weights_are_those_that_mlx_reads(prepared, heads):
    read, converted = mx.load(str(prepared.gguf)), load_file(prepared.model / "model.safetensors")
    names = [name for name in read if name.endswith(".weight")]
    assert len(read) == len(converted) and len(names) == 272
    for name in names:
        for kind, array in stored(converted, name, heads).items():
            assert np.array_equal(array, np.array(read[name.removesuffix("weight") + kind])), f"{name}: {kind}"


def test_every_dequantized_weight_is_ggufs(prepared, heads):
    golden, wide = json.loads((corpus.GOLDENS / "gguf.json").read_text()), load_file(prepared.float32 / "model.safetensors")
    assert golden["from"]["sha256"] == prepare.GGUF_SHA256
    expected = golden["sha256 of the float32 values"]
    assert len(expected) == len(wide) == 272
    for name, digest in expected.items():
        array = np.ascontiguousarray(stored(wide, name, heads)["weight"])
        assert array.dtype == np.float32 and hashlib.sha256(array.tobytes()).hexdigest() == digest, name


def test_tokens_equal_llama_cpps(probe, llama_cpp):
    lines = corpus.lines()
    assert len(lines) == len(llama_cpp["lines"]) == 200
    for text, ids in [*zip(lines, llama_cpp["lines"]), ("\n".join(lines) + "\n", llama_cpp["whole"])]:
        assert probe.ask("encode", text=text, add_special=True) == ids, repr(text)
        assert probe.ask("decode", ids=ids, skip_special=False) == text


def test_its_template_and_special_tokens(probe, llama_cpp):
    prompts = json.loads((corpus.HERE / "prompts.json").read_text(encoding="utf-8"))
    for text, told in zip(prompts, llama_cpp["prompts"], strict=True):
        assert probe.ask("encode", text=text, add_special=True) == told["ids"]
    question = [{"role": "user", "content": "What is the capital of France?"}]
    assert probe.ask("render", messages=question, tools=None, add_generation_prompt=True) == prompts[0]
    assert probe.ask("end_ids") == [2, 0, 4]  # the file's own, and what llama.cpp ends at by name: <|endoftext|>, <reponame>


@pytest.fixture(scope="module")
def golden():
    return np.load(corpus.GOLDENS / "mlx_lm.npz")


@pytest.fixture(scope="module")
def float_path(prepared, llama_cpp):
    """Logits of the prompts' positions, one after the other: our kernels, no integer anywhere."""
    return np.concatenate([rows for told in llama_cpp["prompts"] for rows in logits.ours(prepared.float32, "kernels", told["ids"])])


def off_by(rows, golden):
    """The largest differences of logits from what a golden keeps of them."""
    kept = {"largest": np.take_along_axis(rows, golden["ids"], -1), "strided": rows[:, ::with_mlx_lm.STRIDE], "log_sum": with_mlx_lm.log_sum(rows.astype(np.float64))}
    return {kind: float(np.abs(found - golden[kind]).max()) for kind, found in kept.items()}


def test_the_float_path_equals_mlx_lms(float_path, golden):
    off = off_by(float_path, golden)
    print(f"our kernels on float32: {len(float_path)} positions, largest differences from mlx-lm {off}")
    assert np.abs(golden["largest"]).max() > 10, "logits of a real model"
    assert max(off.values()) < FLOAT_ERROR_MAX


@pytest.mark.parametrize("directory", count(["model"], ["model", "float32"]))
def test_mlxs_operations_in_float32_equal_mlx_lms(directory, prepared, llama_cpp, golden):
    """What the other parity tests call exact; on the 4-bit weights too."""
    first, off = 0, {}
    for number, told in enumerate(llama_cpp["prompts"]):
        last = first + len(told["ids"])
        if number in STOCK_PROMPTS:
            rows = np.concatenate(list(logits.ours(getattr(prepared, directory), "float32", told["ids"])))
            off[number] = off_by(rows, {kind: golden[kind][first:last] for kind in ("ids", "largest", "strided", "log_sum")})
        first = last
    print(f"MLX in float32, {directory}: largest differences from mlx-lm, by prompt: {off}")
    assert max(worst for found in off.values() for worst in found.values()) < FLOAT_ERROR_MAX


@pytest.fixture(scope="module")
def eight_bits(prepared, tmp_path_factory):
    """The same model in 8-bit weights, group 64."""
    out = tmp_path_factory.mktemp("eight-bits") / "model"
    shutil.copytree(prepared.float32, out)
    (weights,) = out.glob("*.safetensors")
    stored = mx.load(str(weights))
    quantized = {}
    for name, array in stored.items():
        if array.ndim != 2:
            quantized[name] = array
            continue
        parts = mx.quantize(array, 64, 8)
        quantized |= {name.removesuffix("weight") + kind: part for kind, part in zip(("weight", "scales", "biases"), parts)}
    mx.save_safetensors(str(weights), quantized)
    config = json.loads((out / "config.json").read_text()) | {"quantization": {"group_size": 64, "bits": 8}}
    (out / "config.json").write_text(json.dumps(config))
    return out


def test_rows_of_eight_bits_beside_weights_of_eight_cost_more_than_is_taken_unasked(eight_bits, probe):
    """Over KL_MAX, for the output head is among them: so it is an option, and such weights meet rows of 16 bits by default."""
    found = logits.Divergence()
    for kind in TEXTS:
        tokens = probe.ask("encode", text=corpus.texts()[kind], add_special=True)[:POSITIONS_MAX]
        for exact, rounded in zip(logits.ours(eight_bits, "kernels", tokens), logits.ours(eight_bits, "kernels8", tokens)):
            found.add(exact, rounded)
    print(f"8-bit weights, rows of 8 bits beside rows of 16: {found.told()}")
    assert 0 < found.mean <= KL_8_BIT_BOTH_MAX


def test_the_float_path_says_what_llama_cpp_says(float_path, llama_cpp):
    """Another program's reading of the same file: rows of q and k in the wrong order would say something else."""
    likeliest = np.concatenate([told["likeliest"] for told in llama_cpp["prompts"]])
    logprobs = np.concatenate([told["logprobs"] for told in llama_cpp["prompts"]])
    ours = logits.log_softmax(float_path)
    same, off = ours.argmax(-1) == likeliest, np.abs(ours[np.arange(len(ours)), likeliest] - logprobs)
    print(f"{len(same)} positions: {100 * np.mean(same):.1f} % the same likeliest token, its log probability off by {np.mean(off):.4f} in the mean")
    assert np.mean(same) >= AGREEMENT_MIN
    assert np.mean(off) <= LOGPROB_ERROR_MAX


def test_integers_change_little_of_a_real_model(prepared, probe):
    """In the mean over all positions of all texts; to be proved, no more than in llama.cpp on the same file."""
    ways = {"kernels": lambda tokens: logits.ours(prepared.model, "kernels", tokens)}
    if PROVE:
        ways["kernels16"] = lambda tokens: logits.ours(prepared.model, "kernels16", tokens)
        ways["llama.cpp"] = lambda tokens: logits.llama_cpps(prepared.gguf, tokens)
    total = {way: logits.Divergence() for way in ways}
    for kind in TEXTS:
        tokens = probe.ask("encode", text=corpus.texts()[kind], add_special=True)[:POSITIONS_MAX]
        of_kind = {way: logits.Divergence() for way in ways}
        computed = {way: compute(tokens) for way, compute in ways.items()}
        for exact in logits.ours(prepared.float32, "kernels", tokens):
            for way, rows in computed.items():
                piece = next(rows)
                of_kind[way].add(exact, piece)
                total[way].add(exact, piece)
        for way, rows in computed.items():
            assert next(rows, None) is None
            print(f"{kind}, {way}: {of_kind[way].told()}", flush=True)
    for way, found in total.items():
        print(f"all, {way}: {found.told()}")
        assert len(found.nat) >= POSITIONS_MIN
    assert total["kernels"].mean <= KL_MAX
    if PROVE:
        assert total["kernels16"].mean <= KL_16_BIT_MAX
        assert total["kernels"].mean <= total["llama.cpp"].mean
