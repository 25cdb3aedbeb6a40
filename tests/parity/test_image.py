"""The decoder against Pillow, and Qwen-VL patches against mlx-vlm's own processor."""

import io
import json
import random
import subprocess

import numpy as np
import pytest
from mlx_vlm.models.qwen3_vl import processing_qwen3_vl as qwen
from PIL import Image, ImageOps

from programs import count, program

PROBE_SECONDS_MAX = 60
CASES = count(40, 400)

CONFIGS = {
    "defaults": {},
    "qwen3-vl": {
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "size": {"shortest_edge": 65536, "longest_edge": 16777216},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    },
    "qwen2.5-vl": {
        "patch_size": 14,
        "min_pixels": 3136,
        "max_pixels": 500000,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "rescale_factor": 0.00392156862745098,
    },
}


def probe(*arguments):
    out = subprocess.run(
        [program("sanctum-image-probe"), *map(str, arguments)],
        capture_output=True,
        timeout=PROBE_SECONDS_MAX,
        check=True,
    ).stdout
    line, _, body = out.partition(b"\n")
    return json.loads(line), body


def drawn_picture(draw: random.Random) -> Image.Image:
    """Noise, flat colour with edges, or a gradient, of any size up to the hundreds."""
    largest = draw.choice([4, 40, 400, 900])
    width, height = draw.randint(1, largest), draw.randint(1, largest)
    values = np.random.default_rng(draw.randrange(2**32))
    kind = draw.choice(["noise", "edges", "gradient"])
    if kind == "noise":
        pixels = values.integers(0, 256, (height, width, 3))
    elif kind == "edges":
        pixels = values.integers(0, 2, (height, width, 3)) * 255
    else:
        y, x = np.mgrid[0:height, 0:width]
        pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("name", CONFIGS)
def test_patches_are_those_of_mlx_vlm(name, tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CONFIGS[name]))
    reference = qwen.Qwen3VLImageProcessor(**qwen._qwen_vl_image_kwargs(str(tmp_path)))
    draw = random.Random(f"patches of {name}")
    worst = 0.0
    compared = 0
    while compared < CASES:
        picture = drawn_picture(draw)
        if max(picture.size) / min(picture.size) > 200:
            continue
        picture.save(tmp_path / "picture.png")
        want = reference([picture])
        header, body = probe(tmp_path / "picture.png", tmp_path)
        assert header["grid"] == want["image_grid_thw"][0].tolist(), picture.size
        got = np.frombuffer(body, "<f4").reshape(-1, header["columns"])
        assert got.shape == want["pixel_values"].shape, picture.size
        error = float(np.abs(got - want["pixel_values"]).max())
        assert error <= 1e-6, picture.size
        worst = max(worst, error)
        compared += 1
    print(f"{name}: {compared} pictures, largest difference {worst:.2g}")


def encodings(draw: random.Random, picture: Image.Image):
    """One picture in a drawn format: bytes and the largest difference a codec may make."""
    form = draw.choice(["png", "jpeg", "webp", "webp lossless"])
    modes = {"png": ["RGB", "RGBA", "L", "LA", "P", "1"], "jpeg": ["RGB", "L", "CMYK"]}
    picture = picture.convert(draw.choice(modes.get(form, ["RGB", "RGBA"])))
    exif = Image.Exif()
    exif[0x0112] = draw.randint(1, 8)
    out = io.BytesIO()
    options = {"exif": exif.tobytes()}
    if form == "jpeg":
        options |= {"quality": draw.randint(30, 100), "subsampling": draw.choice([0, 1, 2])}
        options["progressive"] = draw.random() < 0.5
    if form == "webp lossless":
        options |= {"lossless": True, "exact": True}
    picture.save(out, form.split()[0].upper(), **options)
    return out.getvalue(), 2 if form in ("jpeg", "webp") else 0


def test_decoded_pixels_are_those_of_pillow(tmp_path):
    draw = random.Random("decoded pixels")
    for _ in range(CASES):
        data, tolerance = encodings(draw, drawn_picture(draw))
        (tmp_path / "picture").write_bytes(data)
        want = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        header, body = probe("--rgb", tmp_path / "picture")
        assert (header["width"], header["height"]) == want.size
        got = np.frombuffer(body, np.uint8).astype(int)
        worst = np.abs(got - np.frombuffer(want.tobytes(), np.uint8)).max()
        assert worst <= tolerance, (want.format, want.size)


def test_refusals_name_the_image(tmp_path):
    (tmp_path / "picture").write_bytes(b"not a picture")
    done = subprocess.run(
        [program("sanctum-image-probe"), tmp_path / "picture"],
        capture_output=True,
        timeout=PROBE_SECONDS_MAX,
    )
    assert done.returncode == 2
    assert json.loads(done.stderr)["field"] == "image"
