"""What each agent is asked, what the script says, and what has to come of it.

The engine is real: prompt, cache, grammar, stream, death and what comes after it. A script alone chooses the tokens (SANCTUM_SCRIPT), because
weights that follow an agent's prompt cannot be made here.
"""

import json
from dataclasses import dataclass
from typing import Callable

FILE, CONTENT = "note.txt", "written by the script"
HELLO = "Hello from the script."
DONE = "The note is written."
COUNTED = " ".join(str(number) for number in range(1, 161))


@dataclass(frozen=True)
class Agent:
    name: str
    title: str
    words: Callable  # (prompt, directory) -> its words, for an answer without a person
    write: Callable  # directory -> the call that writes FILE: (tool, arguments, in the order of its schema)
    too_long: str    # what it says, or does, when it is told that its prompt is too long


AGENTS = [
    Agent("claude", "Claude Code", lambda prompt, _: ["-p", prompt, "--permission-mode", "acceptEdits", "--allowedTools", "Write,Edit,Bash"],
          lambda place: ("Write", {"file_path": str(place / FILE), "content": CONTENT}), "too long"),
    Agent("codex", "Codex", lambda prompt, place: ["exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "--cd", str(place), prompt],
          lambda place: ("exec_command", {"cmd": f"printf '%s' '{CONTENT}' > {place / FILE}"}), "context"),
    Agent("opencode", "OpenCode", lambda prompt, _: ["run", prompt],
          lambda place: ("write", {"content": CONTENT, "filePath": str(place / FILE)}), "context"),
]


def script(agent, place):
    """The lines, the latest turn of a conversation first."""
    tool, arguments = agent.write(place)
    call = "<tool_call>\n" + json.dumps({"name": tool, "arguments": arguments}) + "\n</tool_call>"
    return [{"when": "<tool_response>", "say": DONE}, {"when": "WRITE-THE-NOTE", "say": call},
            {"when": "SAY-HELLO", "say": HELLO}, {"when": "COUNT-UP", "say": COUNTED}]
