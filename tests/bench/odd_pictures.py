"""Draw pictures as scanners, phones, editors and converters store them: every kind of file, each drawn from a seed."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Rng = np.random.Generator
LONGEST = 8000  # pixels of a side
MOST = 2_000_000  # pixels of a picture, so that ten thousand take minutes


def draw(rng: Rng) -> Image.Image:
    """Draw strokes of one or two greys on paper, of any size, dark on light or light on dark, as mode L."""
    longer = int(np.exp(rng.uniform(0, np.log(LONGEST if rng.random() < 0.1 else 300))))
    shorter = max(1, min(int(longer * rng.uniform(0.05, 1)), MOST // longer))
    size = (longer, shorter) if rng.random() < 0.4 else (shorter, longer)
    levels = rng.choice(((235, 20), (255, 0), (200, 120), (180, 150), (30, 240), (0, 255), (90, 130), (10, 25)))
    picture = Image.new("L", size, int(levels[0]))
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(0, 4)):
        points = [tuple(rng.uniform(0.1, 0.9, 2) * size) for _ in range(rng.integers(2, 5))]
        pen.line(points, fill=int(levels[1]), width=max(1, int(min(size) * rng.uniform(0.02, 0.15))), joint="curve")
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(1.5))
    if rng.random() < 0.2:
        noisy = np.asarray(picture) + rng.normal(0, 8, picture.size[::-1])
        picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    return picture


def tint(picture: Image.Image, rng: Rng) -> Image.Image:
    """Give paper and ink a color each."""
    grey = np.asarray(picture)[..., None] / 255.0
    one, other = rng.integers(0, 256, (2, 3))
    return Image.fromarray((grey * one + (1 - grey) * other).astype(np.uint8))


def fade(picture: Image.Image, rng: Rng) -> Image.Image:
    """Return opacity for a picture: the writing's alone, or anything."""
    ink = picture.copy() if rng.random() < 0.5 else Image.eval(picture, lambda level: 255 - level)
    return ink if rng.random() < 0.7 else Image.eval(ink, lambda level: 255 * (level > 127))


def make_palette(picture: Image.Image, rng: Rng, colors: int = 256) -> Image.Image:
    """Return a picture by a table of up to `colors` colors in any order."""
    tinted = tint(picture, rng).quantize(colors)
    order = rng.permutation(len(tinted.getpalette() or ()) // 3)
    return tinted.remap_palette(order.tolist()) if rng.random() < 0.5 else tinted


def save(picture: Image.Image, form: str, **options: object) -> bytes:
    """Encode a picture by Pillow."""
    written = io.BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(
    levels: np.ndarray, depth: int, color: int, *chunks: tuple[bytes, bytes], interlaced: bool = False
) -> bytes:
    """Write a PNG of a kind that Pillow does not write.

    Args:
        levels: [height, width, channels], from 0 to 2**depth - 1.
        depth: bits per channel.
        color: type of the PNG specification: 0 grey, 2 RGB, 3 palette, 4 grey and opacity, 6 RGB and opacity.
        chunks: kind and content of those that stand before the pixels.
        interlaced: in Adam7's seven passes.
    """
    height, width = levels.shape[:2]
    passes = (
        [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        if interlaced
        else [(0, 0, 1, 1)]
    )
    rows = b"".join(
        b"\0" + pack(row, depth)
        for top, left, down, across in passes
        for row in levels[top::down, left::across]
        if row.size
    )
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    extra = b"".join(chunk(*each) for each in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def pack(row: np.ndarray, depth: int) -> bytes:
    """Return a row of a PNG, [width, channels], as its bytes."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, -depth:]
    return np.packbits(bits).tobytes()


def mark(orientation: int, endian: str = "<") -> bytes:
    """Return an Exif block that says how a picture is to be turned, after a maker's name of its own length."""
    order = b"II*\0" if endian == "<" else b"MM\0*"
    maker = struct.pack(f"{endian}HHI", 0x010F, 2, 4) + b"abc\0"
    turned = struct.pack(f"{endian}HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0" + order + struct.pack(f"{endian}IH", 8, 2) + maker + turned + struct.pack(f"{endian}I", 0)


def write_deep(picture: Image.Image, rng: Rng, channels: int, bits: int) -> bytes:
    """Write a PNG of 16 bits per channel of which `bits` are used."""
    levels = np.asarray(picture, np.uint32) * (2**bits - 1) // 255
    planes = [levels] * channels
    if channels in (2, 4):
        planes[-1] = np.asarray(fade(picture, rng), np.uint32) * 257
    return write_png(np.stack(planes, -1), 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels])


def write_bmp(picture: Image.Image, depth: int, compression: int = 0, top_down: bool = False) -> bytes:
    """Write a BMP of 16, 24 or 32 bits per pixel, or one run-length encoded of 8."""
    color = np.asarray(picture.convert("RGB"))[:, :, ::-1]
    height, width = color.shape[:2]
    lines = color if top_down else color[::-1]
    table = b""
    if compression:
        table = b"".join(bytes((level, level, level, 0)) for level in range(256))
        rows = b"".join(b"".join(bytes((1, pixel[0])) for pixel in line) + b"\0\0" for line in lines) + b"\0\1"
    elif depth == 16:
        packed = (lines[..., 2].astype(np.uint16) >> 3 << 10) | (lines[..., 1] >> 3 << 5) | (lines[..., 0] >> 3)
        rows = np.pad(packed.astype("<u2"), ((0, 0), (0, width % 2))).tobytes()
    elif depth == 32:
        rows = np.concatenate([lines, np.zeros((height, width, 1), np.uint8)], 2).tobytes()
    else:
        rows = np.pad(lines.reshape(height, -1), ((0, 0), (0, -3 * width % 4))).tobytes()
    info = struct.pack(
        "<IiiHHIIiiII", 40, width, -height if top_down else height, 1, depth, compression, len(rows), 0, 0, 0, 0
    )
    return struct.pack("<2sIII", b"BM", 54 + len(table) + len(rows), 0, 54 + len(table)) + info + table + rows


def animate(picture: Image.Image, rng: Rng) -> bytes:
    """Write a GIF of three frames, the first of which may be a part of the whole."""
    frames = [Image.eval(picture, functools.partial(min, level)) for level in (255, 200, 150)]
    return save(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=int(rng.integers(0, 2)))


def shift_frame(picture: Image.Image, _: Rng) -> bytes:
    """Write a GIF whose frame stands in a larger screen."""
    content = bytearray(save(picture, "GIF"))
    content[6:10] = struct.pack("<HH", picture.width + 3, picture.height + 2)
    return bytes(content)


def save_jpeg(picture: Image.Image, rng: Rng, **options: object) -> bytes:
    """Encode a JPEG of any quality and sampling."""
    sampling = {} if picture.mode == "L" else {"subsampling": int(rng.integers(0, 3))}
    return save(picture, "JPEG", quality=int(rng.integers(5, 100)), **sampling, **options)


def turn(picture: Image.Image, rng: Rng, form: str) -> bytes:
    """Encode a picture with an orientation mark, of either byte order."""
    exif = mark(int(rng.integers(1, 9)), str(rng.choice(["<", ">"])))
    return save_jpeg(picture, rng, exif=exif) if form == "JPEG" else save(picture, form, exif=exif)


def cut(content: bytes, rng: Rng) -> bytes:
    """Return the beginning of a file."""
    return content[: rng.integers(0, len(content))]


def damage(content: bytes, rng: Rng) -> bytes:
    """Return a file with one byte changed."""
    changed = bytearray(content)
    changed[rng.integers(0, len(changed))] ^= int(rng.integers(1, 256))
    return bytes(changed)


def with_alpha(picture: Image.Image, rng: Rng, mode: str) -> Image.Image:
    """Return a picture with opacity, as LA or RGBA."""
    picture, alpha = (picture, fade(picture, rng)) if mode == "LA" else (tint(picture, rng), fade(picture, rng))
    picture.putalpha(alpha)
    return picture


def key_color(picture: Image.Image, rng: Rng, depth: int) -> bytes:
    """Write a grey or RGB PNG of which one color is transparent."""
    levels = (np.asarray(picture, np.uint16) * (2**depth - 1) // 255)[..., None]
    level = int(levels[0, 0, 0])
    if depth < 8 or rng.random() < 0.5:
        return write_png(levels, depth, 0, (b"tRNS", struct.pack(">H", level)))
    return write_png(np.repeat(levels, 3, 2), 8, 2, (b"tRNS", struct.pack(">HHH", level, level, level)))


# What a picture becomes, by kind of file. A kind whose name begins with `damaged` may be refused whatever it is.
KINDS: dict[str, Callable[[Image.Image, Rng], bytes]] = {
    "PNG grey": lambda picture, _: save(picture, "PNG"),
    "PNG RGB": lambda picture, rng: save(tint(picture, rng), "PNG"),
    "PNG grey and opacity": lambda picture, rng: save(with_alpha(picture, rng, "LA"), "PNG"),
    "PNG RGB and opacity": lambda picture, rng: save(with_alpha(picture, rng, "RGBA"), "PNG"),
    "PNG palette": lambda picture, rng: save(make_palette(picture, rng), "PNG"),
    "PNG palette of 16": lambda picture, rng: save(make_palette(picture, rng, 16), "PNG", bits=4),
    "PNG palette, a color transparent": lambda picture, rng: save(
        make_palette(picture, rng, 9), "PNG", transparency=int(rng.integers(0, 4))
    ),
    "PNG 1 bit": lambda picture, _: save(picture.convert("1", dither=Image.Dither.NONE), "PNG"),
    "PNG 2 bits": lambda picture, _: write_png(np.asarray(picture)[..., None] >> 6, 2, 0),
    "PNG 4 bits": lambda picture, _: write_png(np.asarray(picture)[..., None] >> 4, 4, 0),
    "PNG interlaced": lambda picture, _: write_png(np.asarray(picture)[..., None], 8, 0, interlaced=True),
    "PNG grey, a level transparent": lambda picture, rng: key_color(picture, rng, int(rng.choice([1, 2, 4, 8]))),
    "PNG 16 bits grey": lambda picture, rng: write_deep(picture, rng, 1, 16),
    "PNG 16 bits grey, some used": lambda picture, rng: write_deep(picture, rng, 1, int(rng.integers(8, 16))),
    "PNG 16 bits RGB": lambda picture, rng: write_deep(picture, rng, 3, 16),
    "PNG 16 bits grey and opacity": lambda picture, rng: write_deep(picture, rng, 2, 16),
    "PNG 16 bits RGB and opacity": lambda picture, rng: write_deep(picture, rng, 4, 16),
    "PNG with an orientation mark": lambda picture, rng: turn(picture, rng, "PNG"),
    "PNG with gamma and a text": lambda picture, _: write_png(
        np.asarray(picture)[..., None], 8, 0, (b"gAMA", struct.pack(">I", 45455)), (b"tEXt", b"Comment\0tRNS Exif")
    ),
    "JPEG grey": save_jpeg,
    "JPEG RGB": lambda picture, rng: save_jpeg(tint(picture, rng), rng),
    "JPEG progressive": lambda picture, rng: save_jpeg(tint(picture, rng), rng, progressive=True),
    "JPEG CMYK": lambda picture, _: save(picture.convert("RGB").convert("CMYK"), "JPEG"),
    "JPEG with an orientation mark": lambda picture, rng: turn(picture, rng, "JPEG"),
    "GIF": lambda picture, _: save(picture, "GIF"),
    "GIF palette": lambda picture, rng: save(make_palette(picture, rng), "GIF"),
    "GIF transparent": lambda picture, rng: save(make_palette(picture, rng, 9), "GIF", transparency=0),
    "GIF animated": animate,
    "GIF in a larger screen": shift_frame,
    "GIF with a comment": lambda picture, _: save(picture, "GIF", comment=b"drawn"),
    "BMP grey": lambda picture, _: save(picture, "BMP"),
    "BMP RGB": lambda picture, rng: save(tint(picture, rng), "BMP"),
    "BMP from the top": lambda picture, _: write_bmp(picture, 24, top_down=True),
    "BMP palette": lambda picture, rng: save(make_palette(picture, rng), "BMP"),
    "BMP 1 bit": lambda picture, _: save(picture.convert("1", dither=Image.Dither.NONE), "BMP"),
    "BMP 16 bits": lambda picture, _: write_bmp(picture, 16),
    "BMP 32 bits": lambda picture, _: write_bmp(picture, 32),
    "BMP run-length encoded": lambda picture, _: write_bmp(picture.crop((0, 0, 200, 200)), 8, compression=1),
    "TIFF": lambda picture, _: save(picture, "TIFF"),
    "WebP": lambda picture, _: save(picture.convert("RGB"), "WEBP", lossless=True),
    "damaged PNG, cut": lambda picture, rng: cut(save(picture, "PNG"), rng),
    "damaged PNG, a byte changed": lambda picture, rng: damage(save(picture, "PNG"), rng),
    "damaged JPEG, cut": lambda picture, rng: cut(save_jpeg(picture, rng), rng),
    "damaged GIF, cut": lambda picture, rng: cut(save(picture, "GIF"), rng),
    "damaged BMP, cut": lambda picture, rng: cut(save(picture, "BMP"), rng),
}


def draw_all(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield `count` pictures as kind and file, kind after kind, the same ones for the same seed."""
    names = list(KINDS)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        kind = names[number % len(names)]
        yield kind, KINDS[kind](draw(rng), rng)
