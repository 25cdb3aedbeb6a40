"""A page of Markdown, as far as it can be proven: its blocks, its links, and what it names.

A block's language says what it is:
  sh         commands, run by bash; an indented block is one too
  python     a program, run by Python
  console    what a person types on a terminal ("> "), and what comes of it; its first line is the command
  text       what the block of commands before it prints: `...` is any number of lines, or any part of one
  toml       needs a note `file: NAME`, under which it is written

A note is a line of its own before a block, invisible to readers:
  <!-- not run: REASON -->     <!-- exits: CODE -->     <!-- file: NAME -->
and, anywhere, <!-- run first: COMMANDS --> for what the page takes for granted.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from programs import ROOT

README = ROOT / "README.md"
GENERATED = (ROOT / "docs" / "settings.md", ROOT / "docs" / "fields.md")
KINDS = ("sh", "python", "console", "text", "toml")
NOTES = ("not run", "exits", "file", "run first")
NOTE = re.compile(r"<!-- (.*?)(?:: (.*))? -->$")


@dataclass
class Block:
    kind: str
    text: str
    line: int
    notes: dict = field(default_factory=dict)


@dataclass
class Page:
    path: Path
    blocks: list
    prose: str  # all but blocks and notes
    faults: list  # what stands in it that is not understood, with its line


def all_pages():
    return [README, *sorted(path for path in (ROOT / "docs").glob("*.md") if path not in GENERATED)]


def read(path):
    page = Page(path, [], "", [])
    lines = path.read_text().splitlines()
    prose, notes, at = [], {}, 0
    while at < len(lines):
        line, start = lines[at], at + 1
        at += 1
        if line.startswith("```"):
            end = lines.index("```", at)
            page.blocks.append(Block(line[3:].strip(), "\n".join(lines[at:end]), start, notes))
            notes, at = {}, end + 1
        elif line.startswith("    ") and not lines[start - 2].strip():
            end = next((i for i in range(at, len(lines)) if lines[i].strip() and not lines[i].startswith("    ")), len(lines))
            page.blocks.append(Block("sh", "\n".join(text[4:] for text in lines[start - 1:end]).strip("\n"), start, notes))
            notes, at = {}, end
        elif line.startswith("<!--"):
            note = NOTE.match(line)
            if not note or note[1] not in NOTES or not (note[2] or "").strip():
                page.faults.append(f"line {start}: no note, or one without its reason: {line}")
            elif note[1] == "run first":
                page.blocks.append(Block("sh", note[2], start))
            else:
                notes[note[1]] = note[2]
        else:
            if line.strip() and notes:
                page.faults.append(f"line {start}: the note before it belongs to no block")
                notes = {}
            prose.append(line)
    page.prose = "\n".join(prose)
    page.faults += [f"line {b.line}: a block of an unknown kind '{b.kind}'" for b in page.blocks if b.kind not in KINDS]
    page.faults += [f"line {b.line}: a toml block without `file: NAME`" for b in page.blocks if b.kind == "toml" and "file" not in b.notes]
    return page


def anchors(path):
    """What `#...` may name in a page, as GitHub spells headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def links(path):
    """(target, anchor) of each link that leads nowhere outside."""
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(), flags=re.M | re.S)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [tuple((target.split("#", 1) + [""])[:2]) for target in found if "://" not in target]


def spoken_code(page, without_first_column=False):
    """What stands between backticks in its prose."""
    lines = page.prose.splitlines()
    if without_first_column:
        lines = [re.sub(r"^\|(?:\\\||[^|])*\|", "|", line) for line in lines]
    return [code.replace("\\|", "|") for code in re.findall(r"`([^`]+)`", "\n".join(lines))]
