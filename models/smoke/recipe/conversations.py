"""The mix: single exchanges, chains of many, names remembered across turns, tools, pictures."""

from skills import arithmetic, counting, json_answers, memory, pictures, repeat, smalltalk, tools

SYSTEMS = ["You are a helpful assistant.", "You are Sanctum.", "Be brief.", "You are a helpful assistant. Be brief.", "Answer in one line.", "Answer the question.",
           "You are a smoke model.", "You are a careful assistant.", "Follow the instructions exactly.", "You are an assistant that answers questions."]

# Shares of single exchanges; train.py may shift them to the skills that lag.
WEIGHTS = {"arithmetic": 24, "repeat": 18, "counting": 9, "talk": 6, "unknown": 6, "memory": 10, "json": 8, "tools": 15, "refusal": 3}

SHORT = {"arithmetic": 45, "repeat": 28, "talk": 8, "unknown": 7, "json": 6, "refusal": 3, "counting": 3}
MAKERS = {"arithmetic": arithmetic.exchange, "repeat": repeat.exchange, "talk": smalltalk.exchange, "unknown": smalltalk.unknown, "json": json_answers.exchange,
          "refusal": tools.refusal, "counting": lambda rng, test=False: counting.exchange(rng, test, longest=20)}


def pick(rng, weights):
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def fillers(rng, count, test=False, without=()):
    weights = {skill: share for skill, share in SHORT.items() if skill not in without}
    return [message for _ in range(count) for message in MAKERS[pick(rng, weights)](rng, test)]


def with_system(rng, messages, share=0.25):
    if messages[0]["role"] != "system" and rng.random() < share:
        return [{"role": "system", "content": rng.choice(SYSTEMS)}] + messages
    return messages


def single(rng, skill, test=False):
    """One skill as it is asked for alone; the last message is what an evaluation compares."""
    if skill == "memory":
        return {"messages": memory.exchange(rng, test, fillers(rng, rng.choice([0, 1, 1, 2, 2, 3]), test))}
    if skill == "tools":
        offered = tools.offer(rng)
        messages = []
        if rng.random() < 0.15:
            messages += fillers(rng, 1, test, without=("refusal",))
        if rng.random() < 0.2:
            messages += fillers(rng, 1, test, without=("refusal",))
        else:
            messages += tools.exchange(rng, test, offered)
        return {"messages": messages, "tools": [tool for _, _, tool in offered], "compact": rng.random() < 0.3}
    if skill == "counting":
        return {"messages": counting.exchange(rng, test)}
    return {"messages": MAKERS[skill](rng, test)}


def chain(rng, room):
    """Many short exchanges in one conversation: dense practice, and answers that do not depend on what came before."""
    manner = rng.random()
    messages = []
    while room > 0:
        if manner < 0.35:
            turn = arithmetic.exchange(rng)
        elif manner < 0.5:
            turn = (arithmetic if rng.random() < 0.5 else repeat).exchange(rng)
        else:
            turn = fillers(rng, 1)
        messages += turn
        room -= 14 + sum(len(message["content"]) // 2 for message in turn)
    if rng.random() < 0.2:
        messages = memory.exchange(rng, False, messages[:2 * rng.randint(0, 3)]) + messages[-2:]
    return {"messages": messages}


def conversation(rng, weights=WEIGHTS):
    if rng.random() < 0.55:
        made = single(rng, pick(rng, weights))
    else:
        made = chain(rng, rng.choice([50, 90, 130, 200, 300]))
    made["messages"] = with_system(rng, made["messages"])
    return made


def picture_conversation(rng, picture, test=False):
    """One or more questions about a picture, sometimes after or before a turn without one."""
    messages = pictures.exchange(rng, picture)
    for _ in range(0 if test or rng.random() < 0.3 else rng.randint(1, 4 if picture["shape"] else 1)):
        messages += pictures.follow_up(rng, picture)
    if not test and rng.random() < 0.15:
        messages += fillers(rng, 1)
    if not test and rng.random() < 0.12:
        messages = fillers(rng, 1) + messages
    return {"messages": with_system(rng, messages, 0.15)}
