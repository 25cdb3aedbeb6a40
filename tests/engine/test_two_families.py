"""Two families answer under load as each does alone, while a third is loaded, asked and unloaded again and again; and two stress
tests of one server find nothing that differs."""

import itertools
import json
import random
import subprocess
import threading

from programs import count, program
from tiny_families import family

LOADED, COMES_AND_GOES = ("gemma3_text", "qwen3_next"), "qwen3"
QUESTIONS = 6  # of each family
PROMPT_TOKENS_MAX, ANSWER_TOKENS = 700, 24  # beyond a window, and a step
ASKERS = 4
LOADS = count(6, 60)
SECONDS = count(4, 60)
RUN_SECONDS_MAX = 120  # beyond the load


def questions():
    dice = random.Random(11)
    for architecture in LOADED:
        for number in range(QUESTIONS):
            prompt = [dice.randrange(20, 1000) for _ in range(dice.randrange(1, PROMPT_TOKENS_MAX))]
            sampling = {"temperature": 0.8 * (number % 2), "seed": number, "max_tokens": ANSWER_TOKENS, "ignore_eos": True}
            yield architecture, {"model": architecture, "prompt_ids": prompt, "sampling": sampling}


def test_two_families_answer_as_alone_while_a_third_comes_and_goes(engine, tmp_path):
    names = itertools.count()

    def answer(question):
        request = f"r{next(names)}"
        engine.call("generate", request=request, **question)
        assert engine.completed(request)["finish_reason"] == "length"
        return engine.ids(request)

    for architecture in LOADED:
        engine.load(family(architecture, tmp_path), model=architecture)
    third = family(COMES_AND_GOES, tmp_path)
    asked = list(questions())
    alone = [answer(question) for _, question in asked]
    assert len({tuple(ids) for ids in alone}) == len(alone), "each has an answer of its own"

    over, wrong, rounds = threading.Event(), [], [0] * ASKERS

    def ask(asker):
        dice = random.Random(asker)
        try:
            while not over.is_set():
                number = dice.randrange(len(asked))
                if answer(asked[number][1]) != alone[number]:
                    wrong.append(asked[number])
                rounds[asker] += 1
        except Exception as error:  # told by the test, not by a thread
            wrong.append(error)

    askers = [threading.Thread(target=ask, args=(asker,)) for asker in range(ASKERS)]
    for thread in askers:
        thread.start()
    answers = set()
    try:
        for _ in range(LOADS):
            engine.load(third, model=COMES_AND_GOES)
            answers.add(tuple(answer({**asked[0][1], "model": COMES_AND_GOES})))
            engine.call("unload_model", model=COMES_AND_GOES)
    finally:
        over.set()
        for thread in askers:
            thread.join(RUN_SECONDS_MAX)
    assert not wrong and not any(thread.is_alive() for thread in askers)
    assert len(answers) == 1, "the third is the same each time"
    assert min(rounds) > 0 and sum(rounds) >= LOADS


def test_two_families_under_stress_at_once(start_server, tmp_path):
    server = start_server(*(family(name, tmp_path) for name in LOADED), "--probes", "off")  # which know right answers
    runs = [subprocess.Popen([program("sanctum"), "stress", "--reference", "solo", "--url", server.url, "--duration", f"{SECONDS}s", "--model", name, "--json"],
                             stdout=subprocess.PIPE, text=True) for name in LOADED]
    for run in runs:
        told = json.loads(run.communicate(timeout=SECONDS + RUN_SECONDS_MAX)[0])
        assert (run.returncode, told["verdict"], told["different"]) == (0, "PASS", 0), told
        assert told["compared"] > 0
