"""Write model.safetensors in MLX form: 8-bit linears and embedding, everything else bfloat16.

Usage: export.py CHECKPOINT|random MODEL_FOLDER [PREFIX]     with PREFIX (vision_tower.): those tensors alone, the folder's others stay
"""

import os
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

from model import Model, load, seeded
from quantize import dequantize, quantize


def tensors(model):
    out = {}
    for name, weight in model.state_dict().items():
        if name.startswith("heads."):
            continue
        weight = weight.detach().float().cpu()
        if name == "vision_tower.patch_embed.proj.weight":
            size = model.vision_tower.c["patch_size"]
            cube = (weight / 2).reshape(-1, 3, 1, size, size).expand(-1, 3, 2, size, size)
            out[name] = cube.permute(0, 2, 3, 4, 1).contiguous().bfloat16()
        elif weight.dim() == 2 and weight.shape[1] % 64 == 0 and "pos_embed" not in name:
            base = name.removesuffix(".weight")
            out[name], out[base + ".scales"], out[base + ".biases"] = quantize(weight)
        else:
            out[name] = weight.bfloat16()
    return out


def export(model, folder, prefix=""):
    """Write beside and rename, so that a reader never sees half a file."""
    path, beside = folder / "model.safetensors", folder / "model.safetensors.new"
    made = tensors(model)
    if prefix:
        kept = load_file(str(path))
        made = {name: value if name.startswith(prefix) else kept[name] for name, value in made.items()}
    save_file(made, str(beside), metadata={"format": "mlx"})
    os.chmod(beside, 0o644)
    os.replace(beside, path)
    return path.stat().st_size


def from_folder(folder):
    """The torch model with the exported weights, unpacked."""
    stored, weights = load_file(str(folder / "model.safetensors")), {}
    for name, value in stored.items():
        if name.endswith((".scales", ".biases")):
            continue
        base = name.removesuffix(".weight")
        if base + ".scales" in stored:
            value = dequantize(value, stored[base + ".scales"], stored[base + ".biases"])
        elif "patch_embed.proj.weight" in name:
            value = value.float().sum(1).permute(0, 3, 1, 2).reshape(value.shape[0], -1)
        weights[name] = value.float()
    model = Model()
    model.load_state_dict(weights, strict=False)
    return model


if __name__ == "__main__":
    print(export(seeded() if sys.argv[1] == "random" else load(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]), "bytes")
