"""The sampler against mlx-lm's on logits of a real model: the same penalties, the same filters, the token that the draw names.

Every case continues one text behind each of its cuts, with many seeds. mlx-lm's processors and filters, applied to the
logits of that position, give the distribution; Philox, written again here, gives the number, and the inverse of the
distribution names the token. Where our meaning is another than mlx-lm's, on purpose:

 - The temperature comes first, the filters after it, as in transformers and vLLM. mlx-lm filters at temperature 1 and
   warms what is left; here its filters are given logits that are warmed already.
 - Our order is top_k, top_p, min_p, as in transformers; mlx-lm's is top_p, min_p, top_k. top_p is a share of what
   top_k left.
 - The repetition penalty looks at the whole prompt and answer, as in transformers, presence and frequency at the
   answer alone, as OpenAI defines them. mlx-lm looks at the last 20 tokens of both, for all three.
 - Of tokens with equal logits at the edge of top_k or top_p the smaller id is kept. mlx-lm's top_p keeps all of them.
"""

import itertools
import math

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm import sample_utils
from tokenizers import Tokenizer

from engine_process import Engine
from programs import count
from real_model import corpus, logits

PROMPT_TOKENS = 65  # and cuts just behind a whole block of 64 tokens, which the prefix cache keeps: little is computed for a draw
CUTS = [0, 2, 64]  # tokens of the answer before the one that is drawn
SEEDS = count(8, 400)
IN_FLIGHT = 64  # requests; the engine takes a few more
TOP_LOGPROBS = 20
LOGPROB_ERROR_MAX = 1e-5
EDGE = 1e-9  # of the cumulated distribution
PENALIZED_EDGE = 1e-6  # mlx-lm penalizes in float32, we in double
MLX_TOP_P_ERROR_MAX = 2e-4
EVERYTHING = 1 << 20  # tokens that a penalty looks back
ON_EDGE_MAX = 0.03  # share of draws so near an edge that rounding decides

CASES = {
    "plain": {},
    "cold": {"temperature": 0.3},
    "warm": {"temperature": 1.7},
    "top_k": {"top_k": 7, "temperature": 1.5},
    "top_k of one": {"top_k": 1},
    "top_p": {"top_p": 0.9},
    "top_p, warm": {"top_p": 0.95, "temperature": 1.4},
    "top_p, tiny": {"top_p": 0.01},
    "min_p": {"min_p": 0.05, "temperature": 1.2},
    "all filters": {"temperature": 1.3, "top_k": 40, "top_p": 0.8, "min_p": 0.02},
    "top_p of what top_k left": {"temperature": 1.8, "top_k": 5, "top_p": 0.7},
    "repetition": {"repetition_penalty": 1.3},
    "repetition, rewarded": {"repetition_penalty": 0.8, "temperature": 0.9},
    "presence": {"presence_penalty": 1.5},
    "frequency": {"frequency_penalty": 0.7},
    "frequency, rewarded": {"frequency_penalty": -0.5},
    "bias": {"logit_bias": {"28": 5.0, "198": -100.0, "284": 2.5}},
    "all at once": {"temperature": 0.8, "top_k": 50, "top_p": 0.95, "min_p": 0.01, "repetition_penalty": 1.1, "presence_penalty": 0.4,
                    "frequency_penalty": 0.3, "logit_bias": {"28": 3.0, "30": -4.0}},
}


def philox(counter, key):
    """Philox4x32-10 of Salmon et al., SC11."""
    low = 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [b >> 32 ^ counter[1] ^ key[0], b & low, a >> 32 ^ counter[3] ^ key[1], a & low]
        key = [key[0] + 0x9E3779B9 & low, key[1] + 0xBB67AE85 & low]
    return counter


def uniform(seed, position):
    words = philox([position & 0xFFFFFFFF, position >> 32, 0, 0], [seed & 0xFFFFFFFF, seed >> 32])
    return ((words[0] << 32 | words[1]) >> 11) / 2**53


def test_philox_is_the_published_one():
    """Known answers of Random123."""
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]) == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def processed(row, prompt, output, sampling):
    """mlx-lm's processors, each over the tokens that ours looks at."""
    bias = {int(token): value for token, value in sampling.get("logit_bias", {}).items()}
    kinds = [({"logit_bias": bias}, prompt + output), ({"repetition_penalty": sampling.get("repetition_penalty")}, prompt + output),
             ({"presence_penalty": sampling.get("presence_penalty")}, output), ({"frequency_penalty": sampling.get("frequency_penalty")}, output)]
    row = mx.array(row)[None]
    for arguments, tokens in kinds:
        sizes = {f"{kind}_context_size": EVERYTHING for kind in ("repetition", "presence", "frequency")}
        for process in sample_utils.make_logits_processors(**arguments, **sizes):
            row = process(mx.array(tokens, dtype=mx.int32), row)
    return row


def top_p(row, share):
    """mlx-lm's filter adds a vocabulary up in float32 and is off by up to 1e-4 of it: its rule again in double, which
    must keep what mlx-lm keeps but for that."""
    theirs = np.array(sample_utils.apply_top_p(row, share))[0]
    logprobs = np.array(row)[0].astype(np.float64)
    weights = np.exp(logprobs - logprobs.max())
    weights /= weights.sum()
    order = np.argsort(-weights, kind="stable")
    above = np.concatenate([[0], np.cumsum(weights[order])[:-1]])
    rest = order[above >= share]
    assert abs(weights[rest].sum() - weights[~np.isfinite(theirs)].sum()) <= MLX_TOP_P_ERROR_MAX
    ours = np.array(row)
    ours[0, rest] = -np.inf
    return mx.array(ours)


def kept(row, sampling):
    """The ids that mlx-lm's filters, in our order, leave to be drawn."""
    row = row * (1 / sampling.get("temperature", 1.0))
    row = row - mx.logsumexp(row, axis=-1, keepdims=True)
    if sampling.get("top_k"):
        row = sample_utils.apply_top_k(row, sampling["top_k"])
    if sampling.get("top_p", 1) < 1:
        row = top_p(row, sampling["top_p"])
    if sampling.get("min_p"):
        row = sample_utils.apply_min_p(row, sampling["min_p"])
    return np.flatnonzero(np.isfinite(np.array(row)[0]))


def log_softmax(row):
    """In double, as ours: MLX's sum over a whole vocabulary is off by 1e-4."""
    row = np.array(row)[0].astype(np.float64)
    return row - np.log(np.exp(row - row.max()).sum()) - row.max()


class Distribution:
    """Of one position: tokens in the order of the draw, which is that of the ids until a filter sorts them."""

    def __init__(self, row, sampling):
        self.tokens = kept(row, sampling)
        row = np.array(row)[0].astype(np.float64)
        if sampling.get("top_k") or sampling.get("top_p", 1) < 1:
            self.tokens = self.tokens[np.argsort(-row[self.tokens], kind="stable")]
        weights = np.exp((row[self.tokens] - row.max()) / sampling.get("temperature", 1.0))
        self.edges = np.cumsum(weights) / weights.sum()
        self.edge = PENALIZED_EDGE if any("penalty" in key for key in sampling) else EDGE

    def drawn(self, u):
        """The tokens that this number may name: one, or two at an edge."""
        first, last = np.searchsorted(self.edges, [u - self.edge, u + self.edge], side="right")
        return self.tokens[first:last + 1].tolist()


@pytest.fixture(scope="module")
def text(real_model):
    """(prompt, answer): prose that says some words again."""
    whole = Tokenizer.from_file(str(real_model / "tokenizer.json")).encode(corpus.texts()["literature"]).ids
    return whole[:PROMPT_TOKENS], whole[PROMPT_TOKENS:PROMPT_TOKENS + max(CUTS)]


@pytest.fixture(scope="module")
def rows(real_model, text):
    """Logits behind every cut, as the engine computes them."""
    prompt, answer = text
    whole = np.concatenate(list(logits.ours(real_model, "kernels", prompt + answer)))
    return {cut: whole[len(prompt) + cut - 1] for cut in CUTS}


@pytest.fixture(scope="module")
def engine(real_model):
    running = Engine()
    running.load(real_model)
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def without_a_compiler():
    """MLX would call one for each filter and shape."""
    mx.disable_compile()
    yield
    mx.enable_compile()


def drawn(engine, name, text, sampling):
    """(cut, seed, the row that tells the token) of every cut and seed."""
    prompt, answer = text
    begin, asked = len(engine.notifications), {}

    def told(kind):
        return [params for of_kind, params in engine.notifications[begin:] if of_kind == kind]

    for number, cut in itertools.product(range(SEEDS), CUTS):
        seed = number * 0x9E3779B97F4A7C15 + cut & (1 << 64) - 1
        request = f"{name} {cut} {seed}"
        how = {"max_tokens": cut + 1, "ignore_eos": True, "seed": seed, "top_logprobs": TOP_LOGPROBS, **sampling}
        resumed = {"resume_ids": answer[:cut]} if cut else {}
        engine.call("generate", request=request, model="m", prompt_ids=prompt, sampling=how, **resumed)
        asked[request] = (cut, seed)
        if len(asked) % IN_FLIGHT == 0 or len(asked) == SEEDS * len(CUTS):
            engine.wait(lambda: len(told("completed")) == len(asked), "the end of every request")
    assert {done["finish_reason"] for done in told("completed")} == {"length"}
    rows = [row for frame in told("tokens") for row in frame["rows"] if row.get("ids")]
    assert len(rows) == len(asked)
    return [(*asked[row["request"]], row) for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_the_sampler_draws_what_mlx_lms_distribution_says(name, engine, text, rows):
    sampling = CASES[name]
    prompt, answer = text
    behind = {cut: processed(rows[cut], prompt, answer[:cut], sampling) for cut in CUTS}
    distributions = {cut: Distribution(row, sampling) for cut, row in behind.items()}
    # Log probabilities are told of penalized logits, before temperature and filters.
    logprobs = {cut: log_softmax(row) for cut, row in behind.items()}
    likeliest = {cut: set(np.argsort(-row, kind="stable")[:TOP_LOGPROBS].tolist()) for cut, row in logprobs.items()}
    on_edge, draws = 0, drawn(engine, name, text, sampling)
    for cut, seed, row in draws:
        (token,), (told,) = row["ids"], row["logprobs"]
        named = distributions[cut].drawn(uniform(seed, cut))
        assert token in named, f"behind {cut} tokens, seed {seed}: drew {token}, mlx-lm's distribution says {named}"
        on_edge += len(named) > 1
        for position in [told, *told["top"]]:
            assert math.isclose(position["logprob"], logprobs[cut][position["id"]], abs_tol=LOGPROB_ERROR_MAX), position
        assert (told["id"], {position["id"] for position in told["top"]}) == (token, likeliest[cut])
    left = [len(distribution.tokens) for distribution in distributions.values()]
    print(f"{name}: {len(draws)} draws, {len({row['ids'][0] for *_, row in draws})} different tokens, {on_edge} on an edge; {left} tokens left")
    assert on_edge <= ON_EDGE_MAX * len(draws) + 1
