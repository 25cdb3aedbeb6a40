"""The sources git knows (tracked, or new and not ignored), and which of them include which."""

import hashlib
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def files(*patterns):
    """Paths from the root, sorted, that git's patterns match."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return sorted(path for path in set(listed) if (ROOT / path).is_file())


@cache
def includes(path):
    """[(line, "quote" or "angle", what)] of one file."""
    text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
    found = []
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        found.append((line, "quote" if match[1] == '"' else "angle", match[2]))
    return found


def resolve(path, what):
    """The file of this tree that `#include "what"` in `path` means, or None."""
    for folder in (Path(path).parent, Path("src"), Path(".")):
        if (ROOT / folder / what).is_file():
            return str(folder / what)
    return None


@cache
def content_hash(path):
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def closure_hash(path):
    """Changes when the file, or any file of this tree that it includes at any depth, does."""
    seen, todo = set(), [path]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        todo += [r for _, kind, what in includes(at) if (r := resolve(at, what))]
    lines = "".join(f"{p} {content_hash(p)}\n" for p in sorted(seen))
    return hashlib.sha256(lines.encode()).hexdigest()
