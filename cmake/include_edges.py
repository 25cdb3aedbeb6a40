#!/usr/bin/env python3
"""The rules of the house that a compiler does not know; one line for each breach.

- A folder of src/ includes only itself, the folders its CMakeLists.txt names in DEPS, and base,
  which all of those stand on; DEPS stays within the design (ALLOWED).
- Only folders that may know MLX include it; no header includes a JSON library.
- No source over LINES_MAX lines; no file named for nothing in particular.
"""

import re
import sys
from pathlib import Path

import source_tree

LINES_MAX = 600
MLX_FOLDERS = {"kernels", "nn", "models", "engine"}
NAMELESS = re.compile(r"(utils?|common|misc|helpers?|stuff)", re.IGNORECASE)
JSON_LIBRARIES = ("boost/json", "nlohmann/", "rapidjson/", "simdjson")
SOURCES = ["*.cpp", "*.h", "*.rs", "*.py", "*.sh", "*.ts", "*.svelte", "*.cmake", "dev"]

# What each folder may at most depend on: the design's table.
SERVING = {"base", "platform", "wire"}
ALLOWED = {
    "base": set(),
    "platform": {"base"},
    "wire": {"base"},
    "client": {"base", "platform"},
    "hub": {"base", "platform"},
    "text": {"base"},
    "image": {"base"},
    "gguf": {"base", "platform"},
    "kernels": {"base", "platform"},
    "nn": {"base", "platform", "kernels"},
    "models": {"base", "nn", "image"},
    "engine": {"base", "platform", "models", "nn", "text", "image", "wire"},
    "gateway": SERVING,
    "convert": {"base", "gguf"},
    "catalog": {"base", "gguf", "hub"},
    "database": {"base", "platform"},
    "supervisor": SERVING | {"catalog", "database", "hub"},
    "probes": SERVING | {"client"},
    "release": {"base", "platform"},
    "stress": SERVING | {"client", "probes"},
    "answers": {"base", "platform", "wire", "database", "gateway"},
    "settings": SERVING | {"catalog", "client", "hub", "gateway", "supervisor", "probes"},
    "serve": SERVING | {"answers", "catalog", "client", "gguf", "gateway", "supervisor", "probes", "release", "settings"},
}


def without_comments(text):
    return re.sub(r"#.*", "", text)


def dependencies():
    """{folder: (path of its CMakeLists.txt, DEPS)}"""
    found = {}
    for path in source_tree.files("src/*/CMakeLists.txt"):
        text = without_comments((source_tree.ROOT / path).read_text())
        call = re.search(r"sanctum_library\(\s*(\w+)(.*?)\)", text, re.DOTALL)
        if not call:
            continue
        deps = re.search(r"\bDEPS\b([\w\s]*?)(?=\b[A-Z_]{4,}\b|$)", call[2])
        found[Path(path).parent.name] = (path, set(deps[1].split()) if deps else set())
    return found


def edge_breaches():
    known = dependencies()
    for folder, (path, deps) in known.items():
        for extra in sorted(deps - ALLOWED.get(folder, set())):
            yield f"{path}: {folder} may not depend on {extra}"
    for path in source_tree.files("src/*.cpp", "src/*.h"):
        folder = Path(path).parts[1]
        deps = known.get(folder, ("", set()))[1]
        allowed = deps | {folder} | ({"base"} if deps else set())  # all stand on base
        for line, kind, what in source_tree.includes(path):
            target = what.split("/")[0]
            if kind == "quote" and "/" in what and target in ALLOWED and target not in allowed:
                yield f'{path}:{line}: {folder} includes "{what}" but does not name {target} in DEPS'
            if target == "mlx" and folder not in MLX_FOLDERS:
                yield f"{path}:{line}: {folder} may not include MLX"
            if path.endswith(".h") and what.startswith(JSON_LIBRARIES):
                yield f"{path}:{line}: a JSON library in a header"
    for path in source_tree.files("apps/*.cpp", "apps/*.h"):
        for line, _, what in source_tree.includes(path):
            if what.startswith("mlx/"):
                yield f"{path}:{line}: apps wire things together and never include MLX"


def file_breaches():
    for path in source_tree.files(*SOURCES):
        lines = (source_tree.ROOT / path).read_bytes().count(b"\n")
        if lines > LINES_MAX:
            yield f"{path}: {lines} lines; at most {LINES_MAX}"
    for path in source_tree.files():
        for part in Path(path).parts:
            if NAMELESS.fullmatch(part.split(".")[0]):
                yield f"{path}: named for nothing in particular ({part})"


def main():
    breaches = [*edge_breaches(), *file_breaches()]
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
