#!/usr/bin/env python3
"""Writes what the image tests compare with, from Pillow and mlx-vlm.

    python src/image/testdata/make_goldens.py      (needs mlx-vlm 0.7.10 and Pillow)

pictures/     one small file a format and oddity
decode.txt    file, width, height, tolerance; pixels follow one another in decode.rgb
hostile/      header bombs
resize.txt    filter, kind, from w h, to w h, FNV-1a of the pixels Pillow gives
smart.txt     width, height, factor, min_pixels, max_pixels, resized width, height (0 0: refused)
patches.txt   kind, w, h, patch, frames, merge, min, max, grid h w; floats in patches.f32
"""

import io
import random
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from mlx_vlm.models.qwen3_vl import processing_qwen3_vl as qwen
from PIL import Image, ImageOps, PngImagePlugin

HERE = Path(__file__).resolve().parent
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
ORIENTATION = 0x0112
CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]


def made(kind: str, width: int, height: int) -> np.ndarray:
    """The picture test_picture() of test_picture.h makes too."""
    state = width * 65536 + height
    values = bytearray()
    for _ in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24 if kind == "noise" else (state >> 31) * 255)
    return np.frombuffer(bytes(values), np.uint8).reshape(height, width, 3)


def fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def smooth(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x * 7 + y * 13) % 256]
    return np.stack(planes, axis=-1).astype(np.uint8)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def raw_png(width, height, depth, colour, scanlines: bytes, before=b"", interlace=0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + before
        + png_chunk(b"IDAT", zlib.compress(scanlines, 9))
        + png_chunk(b"IEND", b"")
    )


def packed(rows: np.ndarray, depth: int) -> bytes:
    """Rows of integers as unfiltered PNG scanlines."""
    lines = []
    for row in rows.reshape(rows.shape[0], -1):
        if depth == 16:
            lines.append(b"\0" + row.astype(">u2").tobytes())
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            lines.append(b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big"))
    return b"".join(lines)


def adam7(rows: np.ndarray, depth: int) -> bytes:
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    passes.append((0, 1, 1, 2))
    parts = [rows[y::dy, x::dx] for x, y, dx, dy in passes]
    return b"".join(packed(part, depth) for part in parts if part.size)


def encoded(picture, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def exif_bytes(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif.tobytes()


def xmp_packet(orientation: int) -> bytes:
    return b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % orientation


def png_pictures():
    rgb = smooth(23, 17)
    small = made("noise", 11, 9)
    wide = small.astype(np.uint16) * 256 + small[::-1]
    rgba = np.dstack([rgb, smooth(17, 23).transpose(1, 0, 2)[:, :, 0]])
    palette = png_chunk(b"PLTE", made("noise", 16, 1).tobytes())
    index = small[:, :, 0]
    yield "rgb.png", encoded(Image.fromarray(rgb), "PNG")
    yield "one.png", encoded(Image.fromarray(rgb[:1, :1] + 40), "PNG")
    yield "gray.png", encoded(Image.fromarray(rgb[:, :, 0]), "PNG")
    yield "rgba.png", encoded(Image.fromarray(rgba), "PNG")
    yield "la.png", encoded(Image.fromarray(rgba).convert("LA"), "PNG")
    for depth in (1, 2, 4):
        levels = index >> (8 - depth)
        yield f"gray{depth}.png", raw_png(11, 9, depth, 0, packed(levels, depth))
        yield f"palette{depth}.png", raw_png(11, 9, depth, 3, packed(levels, depth), palette)
    yield "palette8.png", raw_png(11, 9, 8, 3, packed(index >> 4, 8), palette)
    clear = palette + png_chunk(b"tRNS", bytes(range(0, 250, 25)))
    yield "palette_alpha.png", raw_png(11, 9, 8, 3, packed(index >> 4, 8), clear)
    one_clear = palette + png_chunk(b"tRNS", b"\xff\xff\x00")
    yield "palette_clear.png", raw_png(11, 9, 4, 3, packed(index >> 4, 4), one_clear)
    key = png_chunk(b"tRNS", struct.pack(">HHH", *[int(v) for v in small[0, 0]]))
    yield "rgb_clear.png", raw_png(11, 9, 8, 2, packed(small, 8), key)
    yield "gray_clear.png", raw_png(11, 9, 8, 0, packed(index, 8), png_chunk(b"tRNS", b"\0\x40"))
    yield "rgb16.png", raw_png(11, 9, 16, 2, packed(wide, 16))
    alpha = np.concatenate([wide, wide[:, :, :1]], axis=2)
    yield "rgba16.png", raw_png(11, 9, 16, 6, packed(alpha, 16))
    yield "la16.png", raw_png(11, 9, 16, 4, packed(wide[:, :, :2], 16))
    yield "gray16.png", raw_png(11, 9, 16, 0, packed(wide[:, :, 0], 16))
    yield "interlaced.png", raw_png(23, 17, 8, 2, adam7(rgb, 8), interlace=1)
    yield "interlaced_one.png", raw_png(1, 1, 8, 2, adam7(rgb[5:6, 5:6], 8), interlace=1)
    yield "interlaced_palette.png", raw_png(11, 9, 4, 3, adam7(index >> 4, 4), palette, 1)
    yield "exif6.png", encoded(Image.fromarray(rgb), "PNG", exif=exif_bytes(6))
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp_packet(8).decode(), zip=True)
    yield "xmp8.png", encoded(Image.fromarray(rgb), "PNG", pnginfo=text)
    profile = exif_bytes(3)
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(profile):8}\n{profile.hex()}\n", zip=True)
    yield "profile3.png", encoded(Image.fromarray(rgb), "PNG", pnginfo=text)


def jpeg_pictures():
    rgb = Image.fromarray(smooth(23, 17))
    noise = Image.fromarray(made("noise", 19, 21))
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        yield f"jpeg{name}.jpg", encoded(noise, "JPEG", quality=85, subsampling=sampling)
    yield "one.jpg", encoded(rgb.crop((20, 2, 21, 3)), "JPEG", quality=95)
    yield "gray.jpg", encoded(rgb.convert("L"), "JPEG", quality=90)
    yield "progressive.jpg", encoded(rgb, "JPEG", quality=90, progressive=True)
    yield "restart.jpg", encoded(noise, "JPEG", quality=80, restart_marker_blocks=1)
    yield "cmyk.jpg", encoded(rgb.convert("CMYK"), "JPEG", quality=95)
    for orientation in range(1, 9):
        exif = exif_bytes(orientation)
        yield f"exif{orientation}.jpg", encoded(rgb, "JPEG", quality=90, exif=exif)
    yield "xmp5.jpg", encoded(rgb, "JPEG", quality=90, xmp=xmp_packet(5))
    big_endian = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x07\0\0\0\0\0\0"
    yield "exif_mm7.jpg", encoded(rgb, "JPEG", quality=90, exif=big_endian)


def webp_pictures():
    rgb = Image.fromarray(smooth(23, 17))
    rgba = Image.fromarray(np.dstack([smooth(23, 17), smooth(23, 17)[::-1, :, 1]]))
    yield "lossy.webp", encoded(rgb, "WEBP", quality=80)
    yield "lossless.webp", encoded(rgb, "WEBP", lossless=True)
    yield "one.webp", encoded(rgb.crop((20, 2, 21, 3)), "WEBP", lossless=True)
    yield "alpha.webp", encoded(rgba, "WEBP", quality=80)
    yield "alpha_lossless.webp", encoded(rgba, "WEBP", lossless=True, exact=True)
    yield "exif8.webp", encoded(rgb, "WEBP", lossless=True, exif=exif_bytes(8))
    yield "xmp2.webp", encoded(rgb, "WEBP", lossless=True, xmp=xmp_packet(2))
    frames = [rgb.rotate(180), rgb]
    options = {"save_all": True, "append_images": frames, "duration": 40, "lossless": True}
    yield "animated.webp", encoded(rgb, "WEBP", **options)


def gif(width, height, palette: bytes, frames, transparent=None) -> bytes:
    """A GIF written by hand: frames of (left, top, rows of indices, interlaced)."""
    bits = (len(palette) // 3 - 1).bit_length()
    out = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 | (bits - 1), 0, 0) + palette
    for left, top, rows, interlaced in frames:
        if transparent is not None:
            out += b"\x21\xf9\x04" + struct.pack("<BHBB", 1, 4, transparent, 0)
        flags = 0x40 if interlaced else 0
        out += b"," + struct.pack("<HHHHB", left, top, rows.shape[1], rows.shape[0], flags)
        if interlaced:
            rows = np.concatenate([rows[0::8], rows[4::8], rows[2::4], rows[1::2]])
        # Uncompressed: a clear code before the table would grow.
        width_bits, codes = 9, []
        for i, index in enumerate(rows.reshape(-1)):
            if i % 200 == 0:
                codes.append(256)
            codes.append(int(index))
        codes.append(257)
        number = sum(code << (i * width_bits) for i, code in enumerate(codes))
        data = number.to_bytes((len(codes) * width_bits + 7) // 8, "little")
        blocks = [data[i : i + 255] for i in range(0, len(data), 255)]
        out += b"\x08" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"
    return out + b";"


def gif_pictures():
    index = made("noise", 11, 9)[:, :, 0] >> 4
    palette = made("noise", 16, 1).tobytes()
    yield "plain.gif", gif(11, 9, palette, [(0, 0, index, False)])
    yield "clear.gif", gif(11, 9, palette, [(0, 0, index, False)], transparent=3)
    yield "interlaced.gif", gif(11, 9, palette, [(0, 0, index, True)])
    yield "offset.gif", gif(20, 15, palette, [(4, 3, index, False)])
    yield "offset_clear.gif", gif(20, 15, palette, [(4, 3, index, True)], transparent=5)
    yield "beyond.gif", gif(6, 5, palette, [(2, 1, index, False)])
    yield "animated.gif", gif(11, 9, palette, [(0, 0, index, False), (0, 0, index[::-1], False)])
    yield "outside_palette.gif", gif(11, 9, palette, [(0, 0, index * 17, False)])
    yield "saved.gif", encoded(Image.fromarray(smooth(23, 17)).quantize(64), "GIF")


def bmp(width, height, bits, rows, header=40, compression=0, masks=(), palette=b"", colours=0):
    """A bitmap of every age: `rows` are its bytes, in the file's order and without padding."""
    data = b"".join(row + bytes(-len(row) % 4) for row in rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, colours, 0)
        info += b"".join(struct.pack("<I", mask) for mask in masks)
        info = info.ljust(header, b"\0")
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + info + palette + data


def bmp_pictures():
    small = made("noise", 11, 9)
    index = small[:, :, 0]
    four = [bytes(colour) + b"\0" for colour in made("noise", 16, 1)[0]]
    bgr = [row[:, ::-1].tobytes() for row in small]
    yield "rgb24.bmp", bmp(11, 9, 24, bgr)
    yield "top_down.bmp", bmp(11, -9, 24, bgr)
    yield "core.bmp", bmp(11, 9, 24, bgr, header=12)
    core = b"".join(colour[:3] for colour in four)
    yield "core4.bmp", bmp(11, 9, 4, [packed(row[None] >> 4, 4)[1:] for row in index], header=12, palette=core)
    for bits in (1, 4, 8):
        rows = [packed((row[None] >> 4).astype(int) % (1 << bits), bits)[1:] for row in index]
        colours = 0 if bits < 8 else 16
        yield f"palette{bits}.bmp", bmp(11, 9, bits, rows, palette=b"".join(four[: 1 << bits]), colours=colours)
    rgba = np.dstack([small, index[::-1]])
    bgra = [row[:, [2, 1, 0, 3]].tobytes() for row in rgba]
    yield "rgb32.bmp", bmp(11, 9, 32, bgra)
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "masks32.bmp", bmp(11, 9, 32, bgra, compression=3, masks=masks[:3], header=40 + 12)
    yield "masks_after32.bmp", bmp(11, 9, 32, bgra, compression=3, masks=masks[:3])
    yield "v4_alpha.bmp", bmp(11, 9, 32, bgra, header=108, compression=3, masks=masks)
    yield "v5_alpha.bmp", bmp(11, -9, 32, bgra, header=124, compression=3, masks=masks)
    words = (small[:, :, 0].astype("<u2") << 8) | small[:, :, 1]
    sixteen = [row.astype("<u2").tobytes() for row in words]
    yield "rgb16.bmp", bmp(11, 9, 16, sixteen)
    yield "masks16.bmp", bmp(11, 9, 16, sixteen, header=56, compression=3, masks=(0xF800, 0x7E0, 0x1F, 0))
    yield "saved.bmp", encoded(Image.fromarray(smooth(23, 17)), "BMP")


def on_white(picture) -> Image.Image:
    """As vLLM and qwen_vl_utils take a picture with transparency."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.split()[3])
    return white


def write_decode() -> None:
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    lines, pixels = [], []
    for name, data in [*png_pictures(), *jpeg_pictures(), *webp_pictures(), *gif_pictures(), *bmp_pictures()]:
        (folder / name).write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = on_white(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        if name == "gray16.png":  # where Pillow clips; see decode.h
            wide = np.asarray(Image.open(io.BytesIO(data)))
            picture = Image.fromarray((wide >> 8).astype(np.uint8)).convert("RGB")
        lossy = name.endswith(".jpg") or name in ("lossy.webp", "alpha.webp")
        lines.append(f"{name} {picture.width} {picture.height} {2 if lossy else 0}")
        pixels.append(picture.tobytes())
    (HERE / "decode.txt").write_text("\n".join(lines) + "\n")
    (HERE / "decode.rgb").write_bytes(b"".join(pixels))


def write_hostile() -> None:
    folder = HERE / "hostile"
    folder.mkdir(exist_ok=True)
    for name, width, height in (("wide", 60000, 60000), ("area", 16000, 16000), ("tall", 1, 16385)):
        (folder / f"{name}.png").write_bytes(raw_png(width, height, 8, 2, b"\0" * 64))
    jpeg = bytearray(encoded(Image.new("RGB", (8, 8)), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    for name, side in (("wide", 65500), ("area", 16000)):
        jpeg[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
        (folder / f"{name}.jpg").write_bytes(jpeg)
    scans = encoded(Image.new("RGB", (192, 192)), "JPEG", progressive=True)
    last = scans.rindex(b"\xff\xda")
    (folder / "scans.jpg").write_bytes(scans[:-2] + scans[last:-2] * 200 + b"\xff\xd9")
    canvas = b"\x02\0\0\0" + (16383).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    (folder / "canvas.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    lossless = (0x2F | (16382 << 8) | (16382 << 22)).to_bytes(5, "little") + b"\0" * 11
    body = b"WEBPVP8L" + struct.pack("<I", len(lossless)) + lossless
    (folder / "area.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    dot = np.zeros((1, 1), np.uint8)
    for name, width, height in (("wide", 65535, 65535), ("area", 16000, 16000)):
        (folder / f"{name}.gif").write_bytes(gif(width, height, bytes(6), [(0, 0, dot, False)]))
    beyond = gif(1, 1, bytes(6), [(65534, 65534, dot, False)])
    (folder / "beyond.gif").write_bytes(beyond)
    for name, width, height in (("wide", 2**31 - 1, -(2**31)), ("area", 16000, 16000)):
        (folder / f"{name}.bmp").write_bytes(bmp(width, height, 1, [bytes(64)], palette=bytes(8)))
    (folder / "masks.bmp").write_bytes(bmp(1, 1, 32, [bytes(4)], compression=3, masks=(0, 0, 0)))


def write_resize() -> None:
    pairs = [
        ((1, 1), (128, 128)), ((1, 1), (1, 1)), ((2, 1), (64, 64)), ((1, 7), (32, 96)),
        ((3, 5), (64, 32)), ((16, 16), (17, 15)), ((32, 32), (32, 64)), ((32, 32), (64, 32)),
        ((64, 64), (64, 64)), ((64, 48), (32, 32)), ((100, 3), (192, 32)), ((127, 129), (128, 128)),
        ((513, 77), (128, 32)), ((513, 77), (512, 64)), ((77, 513), (64, 96)), ((255, 255), (32, 32)),
        ((320, 240), (64, 224)), ((640, 12), (160, 32)), ((300, 300), (1, 1)), ((300, 2), (7, 90)),
    ]  # fmt: skip
    lines = []
    for name, method in FILTERS.items():
        for kind in ("noise", "edges"):
            for source, target in pairs:
                picture = Image.fromarray(made(kind, *source)).resize(target, method)
                digest = fnv1a(picture.tobytes())
                lines.append(f"{name} {kind} {source[0]} {source[1]} {target[0]} {target[1]} {digest}")
    (HERE / "resize.txt").write_text("\n".join(lines) + "\n")


def write_smart() -> None:
    draw = random.Random(20)
    cases = [(1, 1), (1, 200), (1, 201), (201, 1), (16, 16), (48, 48), (80, 112), (16384, 16384)]
    cases += [(draw.randint(1, 3000), draw.randint(1, 3000)) for _ in range(60)]
    cases += [(draw.randint(1, 64), draw.randint(1, 64)) for _ in range(30)]
    lines = []
    for width, height in cases:
        for factor, low, high in ((32, 3136, 1003520), (28, 3136, 12845056), (32, 65536, 16777216)):
            try:
                h, w = qwen._smart_resize_image(height, width, factor, low, high)
            except ValueError:
                h, w = 0, 0
            lines.append(f"{width} {height} {factor} {low} {high} {w} {h}")
    (HERE / "smart.txt").write_text("\n".join(lines) + "\n")


def write_patches() -> None:
    cases = [
        ("noise", 13, 9, 4, 2, 2, 64, 400), ("edges", 1, 1, 4, 2, 2, 64, 400),
        ("noise", 40, 24, 4, 2, 2, 64, 400), ("noise", 9, 30, 2, 1, 3, 36, 300),
        ("noise", 16, 16, 8, 3, 1, 64, 400),
    ]  # fmt: skip
    lines, values = [], []
    for kind, width, height, patch, frames, merge, low, high in cases:
        processor = qwen.Qwen3VLImageProcessor(
            patch_size=patch, temporal_patch_size=frames, merge_size=merge, min_pixels=low,
            max_pixels=high, image_mean=CLIP_MEAN, image_std=CLIP_STD,
        )  # fmt: skip
        out = processor([Image.fromarray(made(kind, width, height))])
        _, h, w = out["image_grid_thw"][0]
        lines.append(f"{kind} {width} {height} {patch} {frames} {merge} {low} {high} {h} {w}")
        values.append(out["pixel_values"].astype("<f4").tobytes())
    (HERE / "patches.txt").write_text("\n".join(lines) + "\n")
    (HERE / "patches.f32").write_bytes(b"".join(values))


if __name__ == "__main__":
    write_decode()
    write_hostile()
    write_resize()
    write_smart()
    write_patches()
