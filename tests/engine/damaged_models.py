"""Ways to damage a copy of the built-in model on disk: each damages the directory, and returns what the error must name."""

import json
import struct

from safetensors_file import read, write, write_packed

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
GIB = 1 << 30
INT32_MAX = (1 << 31) - 1


def first_tensor(header):
    return next(name for name in sorted(header) if name != "__metadata__" and name.endswith(".weight"))


def raw(change):
    """Of the file's bytes, which `change` gets and returns."""
    def damage(directory):
        path = directory / WEIGHTS
        path.write_bytes(change(path.read_bytes()))
        return [WEIGHTS]
    return damage


def claims(header_bytes, file_bytes=None):
    """A header of so many bytes, in a file that has them where `file_bytes` says so: a hole, which takes no room."""
    def damage(directory):
        path = directory / WEIGHTS
        with open(path, "r+b") as file:
            file.write(struct.pack("<Q", header_bytes))
            if file_bytes:
                file.truncate(file_bytes)
        return [WEIGHTS, str(header_bytes)]
    return damage


def entry(**members):
    """The first tensor's entry has others; a function gets (entry, data) for each."""
    def damage(directory):
        path = directory / WEIGHTS
        header, data = read(path)
        name = first_tensor(header)
        stored = dict(header[name])
        header[name] = {**stored, **{key: value(stored, data) if callable(value) else value for key, value in members.items()}}
        write(path, header, data)
        return [WEIGHTS, name]
    return damage


def nothing_that_overflows(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    name = first_tensor(header)
    begin, _ = header[name]["data_offsets"]
    header[name] = {**header[name], "shape": [0, INT32_MAX, INT32_MAX, INT32_MAX], "data_offsets": [begin, begin]}
    write_packed(path, header, data)
    return [WEIGHTS, name]


def cut_in_the_data(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    write(path, header, data[:-1])
    return [WEIGHTS, max((t for t in header if t != "__metadata__"), key=lambda t: header[t]["data_offsets"][1])]


def overlap(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    first, second = sorted((t for t in header if t != "__metadata__"), key=lambda t: header[t]["data_offsets"])[:2]
    begin, end = header[second]["data_offsets"]
    header[second]["data_offsets"] = [begin - 2, end - 2]
    write(path, header, data)
    return [WEIGHTS, first, second, "overlap"]


def missing_tensor(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    name = first_tensor(header)
    del header[name]
    write_packed(path, header, data)
    return [name, "missing"]


def surplus_tensor(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    header["model.nobody.weight"] = {**header[first_tensor(header)], "data_offsets": [len(data), len(data) + 2], "shape": [1], "dtype": "BF16"}
    write(path, header, data + bytes(2))
    return [WEIGHTS, "model.nobody.weight"]


def bytes_behind(directory):
    path = directory / WEIGHTS
    path.write_bytes(path.read_bytes() + bytes(2))
    return [WEIGHTS, "2 bytes lie behind its last tensor"]


def one_name_twice(directory):
    path = directory / WEIGHTS
    header, data = read(path)
    name = first_tensor(header)
    text = json.dumps(header)
    text = (text[:-1] + ", " + json.dumps({name: header[name]})[1:]).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return [WEIGHTS, name]


def shard(directory):
    """The weights as two files and their index, which it returns."""
    header, data = read(directory / WEIGHTS)
    names = sorted(t for t in header if t != "__metadata__")
    index = {"metadata": {}, "weight_map": {}}
    for at, file in enumerate(SHARDS):
        part, bytes_of = {}, b""
        for name in names[at::2]:
            begin, end = header[name]["data_offsets"]
            part[name] = {**header[name], "data_offsets": [len(bytes_of), len(bytes_of) + end - begin]}
            bytes_of += data[begin:end]
            index["weight_map"][name] = file
        write(directory / file, part, bytes_of)
    (directory / WEIGHTS).unlink()
    (directory / INDEX).write_text(json.dumps(index))
    return index


def shards(change, *named):
    """Of a sharded copy: `change` gets the directory and the index, and may return another index or text in its place."""
    def damage(directory):
        index = shard(directory)
        changed = change(directory, index)
        if changed is not None:
            (directory / INDEX).write_text(changed if isinstance(changed, str) else json.dumps(changed))
        return list(named)
    return damage


def cut_shard(directory, index):
    path = directory / SHARDS[1]
    path.write_bytes(path.read_bytes()[:-1])


def pointing_to(file):
    def change(directory, index):
        index["weight_map"][first_tensor(index["weight_map"])] = file
        return index
    return change


def a_shard_twice(directory, index):
    (directory / "again.safetensors").write_bytes((directory / SHARDS[0]).read_bytes())
    return pointing_to("again.safetensors")(directory, index)


def config(**members):
    def damage(directory):
        path = directory / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **members}))
        return [*members, *map(str, members.values())]
    return damage


def unknown_architecture(directory):
    config(model_type="qwen3_nxt")(directory)
    return ["config.json", "qwen3_nxt", "nearest: qwen3_next, qwen3_5, qwen3_moe;"]


def unlike_any_architecture(directory):
    config(model_type="abacus")(directory)
    return ["config.json", "abacus", "supported: gemma3"]


def tokenizer_of_a_larger_model(directory):
    path = directory / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["model"]["vocab"]["larger"] = 5000
    path.write_text(json.dumps(tokenizer))
    return ["tokenizer.json", "5000", "vocab_size"]


def removed(file):
    def damage(directory):
        (directory / file).unlink()
        return [file]
    return damage


def malformed(file):
    def damage(directory):
        (directory / file).write_text("{")
        return [file]
    return damage


KINDS = {
    "no weights": lambda directory: (directory / WEIGHTS).unlink() or [".safetensors"],
    "empty file": raw(lambda all: b""),
    "cut in the header": raw(lambda all: all[:100]),
    "header is no json": raw(lambda all: all[:8] + b"\xff\xff\xff\xff" + all[12:]),
    "header of 4 GB": claims(4 * GIB),
    "header of 4 GB in a file that has them": claims(4 * GIB, 5 * GIB),
    "header of 2^60 bytes": claims(1 << 60),
    "header of 2^64 - 1 bytes": claims((1 << 64) - 1),
    "cut in the data": cut_in_the_data,
    "missing tensor": missing_tensor,
    "surplus tensor": surplus_tensor,
    "bytes behind the last tensor": bytes_behind,
    "one name twice": one_name_twice,
    "offsets beyond the file": entry(data_offsets=lambda _, data: [len(data), 2 * len(data)]),
    "offsets that overflow": entry(data_offsets=[0, (1 << 64) - 1]),
    "offsets backwards": entry(data_offsets=lambda stored, _: stored["data_offsets"][::-1]),
    "negative offsets": entry(data_offsets=lambda stored, _: [-2, stored["data_offsets"][1]]),
    "offsets that are no numbers": entry(data_offsets=lambda stored, _: [1.5, stored["data_offsets"][1]]),
    "three offsets": entry(data_offsets=lambda stored, _: [*stored["data_offsets"], 0]),
    "overlapping offsets": overlap,
    "negative shape": entry(shape=lambda stored, _: [-1, *stored["shape"][1:]]),
    "shape of another size": entry(shape=lambda stored, _: [stored["shape"][0] + 1, *stored["shape"][1:]]),
    "shape with a side that overflows": entry(shape=[1 << 40, 1 << 40]),
    "shape whose product overflows": entry(shape=[INT32_MAX] * 4),
    "shape of nothing whose product overflows": nothing_that_overflows,
    "shape of many dimensions": entry(shape=[1] * 1000),
    "unknown dtype": entry(dtype="F7"),
    "a dtype that is not computed with": entry(dtype="F64"),
    "an integer where a float is wanted": entry(dtype=lambda stored, _: {"BF16": "I16", "U32": "I32"}[stored["dtype"]]),
    "a shard cut": shards(cut_shard, SHARDS[1]),
    "an index that names a missing file": shards(pointing_to("model-00003-of-00003.safetensors"), "model-00003-of-00003.safetensors"),
    "an index that leaves": shards(pointing_to("../model.safetensors"), INDEX),
    "an index that names its directory": shards(pointing_to(".."), ".."),
    "an index with a NUL": shards(pointing_to(SHARDS[0] + "\0"), INDEX),
    "an index that is no json": shards(lambda directory, index: "{", INDEX),
    "an index without a map": shards(lambda directory, index: {"metadata": {}}, INDEX, "weight_map"),
    "two shards with one tensor": shards(a_shard_twice, "stored twice", SHARDS[0]),
    "unknown architecture": unknown_architecture,
    "unlike any architecture": unlike_any_architecture,
    "a tokenizer of a larger model": tokenizer_of_a_larger_model,
    "config.json missing": removed("config.json"),
    "config.json malformed": malformed("config.json"),
    "tokenizer.json missing": removed("tokenizer.json"),
    "tokenizer.json malformed": malformed("tokenizer.json"),
}
