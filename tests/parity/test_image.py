"""The decoder against Pillow, and Qwen-VL patches against mlx-vlm's own processor."""

import io
import json
import random
import subprocess

import numpy as np
import pytest
from mlx_vlm.models.qwen3_vl import processing_qwen3_vl as qwen
from PIL import Image, ImageFile, ImageOps

from programs import count, program

ImageFile.MAXBLOCK = 1 << 24  # Pillow's own buffer, in which a progressive JPEG has to fit whole
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


def with_transparency(draw: random.Random, picture: Image.Image) -> Image.Image:
    """The picture with a drawn alpha: all shades, clear and opaque parts, or one part clear."""
    values = np.random.default_rng(draw.randrange(2**32))
    shape = picture.size[::-1]
    kind = draw.choice(["shades", "clear or not", "half"])
    alpha = values.integers(0, 256, shape)
    if kind == "clear or not":
        alpha = (alpha & 1) * 255
    elif kind == "half":
        alpha = np.broadcast_to(np.arange(shape[1]) % 256, shape)
    picture = picture.convert("RGBA")
    picture.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    return picture


def on_white(picture: Image.Image) -> Image.Image:
    """As vLLM and qwen_vl_utils take a picture with transparency; mlx-vlm drops it."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.split()[3])
    return white


def encodings(draw: random.Random, picture: Image.Image):
    """One picture in a drawn format: bytes and the largest difference a codec may make."""
    form = draw.choice(["png", "jpeg", "webp", "webp lossless", "gif", "bmp"])
    modes = {"png": ["RGB", "RGBA", "L", "LA", "P", "1", "PA"], "jpeg": ["RGB", "L", "CMYK"],
             "gif": ["P", "L", "1", "PA"], "bmp": ["RGB", "RGBA", "L", "P", "1"]}  # fmt: skip
    mode = draw.choice(modes.get(form, ["RGB", "RGBA"]))
    options = {}
    if mode in ("RGBA", "LA", "PA"):
        picture = with_transparency(draw, picture)
    if mode == "PA":  # a palette with one clear colour, or with shades of transparency
        picture = picture.quantize(draw.choice([2, 16, 200]), method=Image.Quantize.FASTOCTREE)
        if form == "gif" or draw.random() < 0.5:
            options["transparency"] = draw.randrange(4)
    else:
        picture = picture.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = draw.randint(1, 8)
    out = io.BytesIO()
    if form not in ("gif", "bmp"):
        options["exif"] = exif.tobytes()
    if form == "jpeg":
        options |= {"quality": draw.randint(30, 100), "subsampling": draw.choice([0, 1, 2])}
        options["progressive"] = draw.random() < 0.5
    if form == "webp lossless":
        options |= {"lossless": True, "exact": True}
    if form == "gif":
        options["interlace"] = draw.choice([0, 1])
    picture.save(out, form.split()[0].upper(), **options)
    return out.getvalue(), 2 if form in ("jpeg", "webp") else 0


def test_decoded_pixels_are_those_of_pillow(tmp_path):
    draw = random.Random("decoded pixels")
    for _ in range(2 * CASES):
        data, tolerance = encodings(draw, drawn_picture(draw))
        (tmp_path / "picture").write_bytes(data)
        want = on_white(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        header, body = probe("--rgb", tmp_path / "picture")
        assert (header["width"], header["height"]) == want.size
        got = np.frombuffer(body, np.uint8).astype(int)
        worst = np.abs(got - np.frombuffer(want.tobytes(), np.uint8)).max()
        assert worst <= tolerance, (want.format, want.size)


def test_a_disc_on_transparent_blue_stands_on_white(tmp_path):
    """Seen in a chat: the blue below the transparency was taken for the background."""
    y, x = np.mgrid[0:64, 0:64]
    disc = (x - 32) ** 2 + (y - 32) ** 2 < 400
    pixels = np.where(disc[:, :, None], [255, 0, 0, 255], [0, 0, 255, 0]).astype(np.uint8)
    for form in ("PNG", "WEBP"):
        Image.fromarray(pixels).save(tmp_path / "picture", form, **({"lossless": True, "exact": True} if form == "WEBP" else {}))
        _, body = probe("--rgb", tmp_path / "picture")
        want = np.where(disc[:, :, None], [255, 0, 0], [255, 255, 255])
        assert (np.frombuffer(body, np.uint8).reshape(64, 64, 3) == want).all(), form


def test_refusals_name_the_image(tmp_path):
    (tmp_path / "picture").write_bytes(b"not a picture")
    done = subprocess.run(
        [program("sanctum-image-probe"), tmp_path / "picture"],
        capture_output=True,
        timeout=PROBE_SECONDS_MAX,
    )
    assert done.returncode == 2
    assert json.loads(done.stderr)["field"] == "image"
