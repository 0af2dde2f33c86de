#!/usr/bin/env python3
"""Writes Inputs/ and PillowGoldens.h: what Pillow makes of small pictures.

Run with NumPy and Pillow 12.1 or older; see include/mv/Image/Resize.h for what later versions do differently.
"""

import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent


def checksum(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def noise(width, height, channels, seed):
    """The generator of Helpers.h: high bytes of a linear congruential sequence."""
    values, state = [], seed
    for _ in range(width * height * channels):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    return np.array(values, np.uint8).reshape(height, width, channels)


def smooth(width, height, channels, seed):
    """Noise of a quarter of the size, enlarged: compresses like a photo."""
    small = noise(width // 4 + 2, height // 4 + 2, channels, seed)
    planes = [Image.fromarray(small[..., c]).resize((width, height), Image.BICUBIC) for c in range(channels)]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, interlaced, extra=()):
    """A PNG of noise in a form that Pillow cannot write."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw, seed = b"", 7
    for x, y, stepX, stepY in passes:
        columns, rows = (width - x + stepX - 1) // stepX, (height - y + stepY - 1) // stepY
        if columns > 0 and rows > 0:
            size = (columns * depth * channels + 7) // 8
            for row in noise(size, rows, 1, seed):
                raw += b"\0" + row.tobytes()
            seed += 1
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


def encoded(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def pictures():
    rgb, rgba = Image.fromarray(smooth(37, 29, 3, 1)), Image.fromarray(smooth(37, 29, 4, 2))
    cmyk = Image.fromarray(smooth(37, 29, 4, 3), "CMYK")
    palette = noise(16, 3, 1, 9).tobytes()
    yield "rgb-420.jpg", encoded(rgb, "JPEG", quality=85)
    yield "rgb-422-progressive.jpg", encoded(rgb, "JPEG", quality=60, subsampling=1, progressive=True)
    yield "rgb-444.jpg", encoded(rgb, "JPEG", quality=95, subsampling=0)
    yield "grey.jpg", encoded(rgb.convert("L"), "JPEG")
    yield "cmyk.jpg", encoded(cmyk, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: rotate by 90 degrees. Ignored.
    yield "rotated-exif.jpg", encoded(rgb, "JPEG", exif=exif)
    yield "rgb.png", encoded(rgb, "PNG", optimize=True)
    yield "rgba.png", encoded(rgba, "PNG", optimize=True)
    yield "grey16.png", png(13, 11, 16, 0, 0)
    yield "rgb16-interlaced.png", png(13, 11, 16, 2, 1)
    yield "rgba16.png", png(13, 11, 16, 6, 0)
    yield "grey-alpha.png", png(13, 11, 8, 4, 0)
    yield "grey-alpha16.png", png(13, 11, 16, 4, 1)
    yield "grey1.png", png(13, 11, 1, 0, 0)
    yield "grey2-interlaced.png", png(13, 11, 2, 0, 1)
    yield "grey4.png", png(13, 11, 4, 0, 0)
    yield "grey8-colour-key.png", png(13, 11, 8, 0, 0, [(b"tRNS", b"\0\7")])
    yield "palette4-transparent.png", png(13, 11, 4, 3, 0, [(b"PLTE", palette), (b"tRNS", bytes(range(16)))])
    yield "palette2-interlaced.png", png(13, 11, 2, 3, 1, [(b"PLTE", palette[:12])])
    yield "gamma.png", png(13, 11, 8, 2, 0, [(b"gAMA", struct.pack(">I", 100000))])
    yield "lossy.webp", encoded(rgb, "WEBP", quality=80)
    yield "lossy-alpha.webp", encoded(rgba, "WEBP", quality=50)
    yield "lossless-alpha.webp", encoded(rgba.resize((13, 11)), "WEBP", lossless=True, exact=True)
    frames = [Image.fromarray(smooth(13, 11, 3, seed)) for seed in (4, 5)]
    yield "animation.webp", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])


FILTERS = {"Nearest": 0, "Box": 4, "Bilinear": 2, "Bicubic": 3, "Lanczos": 1}
SIZES = [
    (28, 28, 64, 64), (33, 17, 64, 64), (17, 33, 5, 9), (64, 48, 7, 48), (48, 64, 48, 7), (1, 1, 9, 4), (9, 1, 3, 3),
    (1, 50, 2, 3), (50, 2, 1, 1), (125, 94, 76, 57), (94, 125, 57, 76), (100, 30, 224, 68), (31, 31, 32, 30), (3, 7, 3, 7),
]


def main():
    (HERE / "Inputs").mkdir(exist_ok=True)
    out = ["// Written by generate.py with Pillow. Checksums are FNV-1a over the RGB bytes.", ""]
    out.append("static constexpr DecodeGolden kDecodeGoldens[] = {")
    for name, data in pictures():
        (HERE / "Inputs" / name).write_bytes(data)
        image = Image.open(io.BytesIO(data)).convert("RGB")
        out.append(f'    {{"{name}", {image.width}, {image.height}, 0x{checksum(image.tobytes()):016x}}},')
    out += ["};", "", "static constexpr ResizeGolden kResizeGoldens[] = {"]
    for name, number in FILTERS.items():
        for width, height, newWidth, newHeight in SIZES:
            image = Image.fromarray(noise(width, height, 3, width * 1000 + height))
            result = checksum(image.resize((newWidth, newHeight), number).tobytes())
            out.append(f"    {{Interpolation::{name}, {width}, {height}, {newWidth}, {newHeight}, 0x{result:016x}}},")
    out += ["};", ""]
    (HERE / "PillowGoldens.h").write_text("\n".join(out))


if __name__ == "__main__":
    main()
