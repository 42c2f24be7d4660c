import io
import itertools
import random
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import images
from tfx_ocr.data.pixels import compose, numpy_ops

MAX = 10_000


def picture(mode="L", size=(6, 4)):
    grey = Image.new("L", size)
    grey.putdata([7 * i % 256 for i in range(size[0] * size[1])])
    return grey.convert(mode)


def encoded(form, mode="L", **options):
    written = io.BytesIO()
    picture(mode).save(written, form, **options)
    return written.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return images.PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", m) for m in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    + [("JPEG", m) for m in ("L", "RGB", "CMYK")]
    + [("GIF", m) for m in ("L", "P")]
    + [("BMP", m) for m in ("1", "L", "P", "RGB")]
    + [("TIFF", m) for m in ("1", "L", "RGB", "I;16", "I")]
    + [("WEBP", "RGB")],
)
def test_pictures_of_every_common_kind_are_read(form, mode):
    assert images.find_problem(encoded(form, mode), MAX) is None


def test_what_every_decoder_reads_stays_as_it_is():
    for image in (encoded("PNG", "RGBA"), encoded("PNG", "P"), encoded("JPEG"), encoded("JPEG", "RGB")):
        assert images.to_png(image) is image


@pytest.mark.parametrize(
    ("image", "is_plain"),
    [(encoded("PNG", mode), True) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")]
    + [(encoded("PNG", "I;16"), False), (encoded("PNG", "L", transparency=7), False), (encoded("JPEG"), False)]
    + [(encoded("PNG", "P", transparency=0), False)]  # stays as it is, though the bytes do not show it
    + [(encoded("PNG", exif=b"Exif\0\0II*\0"), False)],
)
def test_a_png_that_stays_as_it_is_is_known_by_its_bytes(image, is_plain):
    assert images.is_plain_png(image) is is_plain
    assert images.to_png(image) is image or not is_plain


@pytest.mark.parametrize(
    ("form", "mode", "becomes"),
    [("BMP", "1", "L"), ("TIFF", "L", "L"), ("WEBP", "RGB", "RGB"), ("JPEG", "CMYK", "RGB")],
)
def test_other_formats_become_png_of_the_same_pixels(form, mode, becomes):
    image = encoded(form, mode)
    with Image.open(io.BytesIO(images.to_png(image))) as png, Image.open(io.BytesIO(image)) as original:
        assert (png.format, png.mode, png.size) == ("PNG", becomes, (6, 4))
        assert png.tobytes() == original.convert(becomes).tobytes()


def test_the_palette_of_a_bmp_is_looked_up():
    red_and_blue = Image.new("P", (2, 1))
    red_and_blue.putpalette([255, 0, 0, 0, 0, 255])
    red_and_blue.putdata([0, 1])
    written = io.BytesIO()
    red_and_blue.save(written, "BMP")
    with Image.open(io.BytesIO(images.to_png(written.getvalue()))) as png:
        assert png.tobytes() == bytes([255, 0, 0, 0, 0, 255])


def test_transparency_is_kept():
    with Image.open(io.BytesIO(images.to_png(encoded("GIF", "P", transparency=0)))) as png:
        assert png.mode == "RGBA"
        assert png.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "empty file: "),
        (b"no picture at all", "not an image: "),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image: unsupported format (supported: PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "not an image: unsupported format, HEIC (supported: PNG, JPEG"),
        (b"\0\0\0\x1cftypavif", "not an image: unsupported format, AVIF (supported: "),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "not an image: unsupported format, JPEG 2000 (supported: "),
        (b"\0\0\1\0\1\0", "not an image: unsupported format, ICO (supported: "),
        (b'<?xml version="1.0"?>\n<svg/>', "not an image: unsupported format, SVG or other XML (supported: "),
        (
            b"version https:" + b"//git-lfs",
            "not an image: unsupported format, a pointer of Git LFS in place of the file",
        ),
        (b"<!DOCTYPE html><title>404", "not an image: unsupported format, a web page (supported: "),
        (encoded("PNG")[:-20], "damaged image: "),
        (encoded("PNG")[:-3], "damaged image: the file ends before the picture does"),
        (encoded("JPEG")[:-30], "damaged image: "),
        (encoded("TIFF", "F"), "more than 16 bits per channel: TIFF of mode F; save it with 8 or 16"),
    ],
    ids=[
        "empty",
        "text",
        "postscript",
        *("heic", "avif", "jpeg_2000", "ico", "svg", "git_lfs", "web_page"),
        "png_cut",
        "png_end_cut",
        "jpeg_cut",
        "tiff_of_floats",
    ],
)
def test_bad_pictures_are_named(image, reason):
    assert images.find_problem(image, MAX).startswith(reason)


def test_a_flipped_bit_in_a_png_is_seen():
    image = bytearray(encoded("PNG"))
    place = image.index(b"IDAT") + 4 + int.from_bytes(image[image.index(b"IDAT") - 4 : image.index(b"IDAT")], "big")
    image[place] ^= 1  # in the checksum of the pixels
    assert images.find_problem(bytes(image), MAX) == "damaged image: wrong checksum in chunk IDAT"


def built_png(
    rows=b"\0abc\0def", *, width=3, height=2, pixel=b"\x08\0", rest=b"\0\0\0", cuts=(), before=b"", after=b""
):
    """Build a PNG of grey pixels, its compressed rows in chunks that part at `cuts`; each argument puts in a fault."""
    packed = zlib.compress(rows) if isinstance(rows, bytes) else rows[0]
    places = [0, *cuts, len(packed)]
    parts = [packed[start:end] for start, end in itertools.pairwise(places)]
    header = chunk(b"IHDR", struct.pack(">II", width, height) + pixel + rest)
    return images.PNG + header + before + b"".join(chunk(b"IDAT", part) for part in parts) + chunk(b"IEND", b"") + after


def small_window(rows):
    pack = zlib.compressobj(9, zlib.DEFLATED, 9)
    return [pack.compress(rows) + pack.flush()]


def test_pixels_of_a_tiff_that_cannot_be_decoded_are_no_number():
    image = bytearray(encoded("TIFF", compression="tiff_deflate"))
    with Image.open(io.BytesIO(image)) as opened:
        ((begin, size),) = zip(opened.tag_v2[273], opened.tag_v2[279], strict=True)
    image[begin : begin + size] = bytes(size)
    said = "damaged image: its pixels cannot be decoded"
    assert images.find_problem(bytes(image), MAX) == said
    with pytest.raises(ValueError, match=said):
        images.open_picture(bytes(image))


@pytest.mark.parametrize(
    "image",
    [
        encoded("PNG"),
        encoded("PNG", "RGB"),
        built_png(),
        built_png(b"\4abc\1def"),
        built_png(cuts=(1, 5)),
        built_png(small_window(b"\0abc\0def")),
        built_png(b"\0abcdef", width=2, height=1, pixel=b"\x08\2"),
    ],
    ids=["grey", "rgb", "built", "filters", "chunks", "window", "built_rgb"],
)
def test_a_sound_png_is_known_without_decoding_and_no_damage_to_it_is_missed(image):
    assert images.is_sound_png(image)
    assert images.find_problem(image, MAX) is None
    assert images.decode_pixels(image).size > 0
    flipped = [image[:at] + bytes([image[at] ^ bit]) + image[at + 1 :] for at in range(len(image)) for bit in (1, 128)]
    cut = [image[:at] for at in range(len(image))] + [image[:at] + image[at + 1 :] for at in range(len(image))]
    assert [images.is_sound_png(each) for each in flipped + cut] == [False] * len(flipped + cut)


@pytest.mark.parametrize(
    "image",
    [
        built_png(b"\0abc\5def"),
        built_png(b"\0abc"),
        built_png(b"\0abc\0def\0ghi"),
        built_png([zlib.compress(b"\0abc\0def")[:-1]]),
        built_png([zlib.compress(b"\0abc\0def") + b"x"]),
        built_png([b"\x79" + zlib.compress(b"\0abc\0def")[1:]]),
        built_png([b""]),
        built_png(cuts=(0,)),
        built_png(cuts=(3, 3)),
        built_png(before=chunk(b"ABCD", b"")),
        built_png(before=chunk(b"tRNS", b"\0\0")),
        built_png(after=b"x"),
        built_png(width=0),
        built_png(height=0),
        built_png(pixel=b"\x10\0"),
        built_png(pixel=b"\x08\7"),
        built_png(rest=b"\1\0\0"),
        built_png(rest=b"\0\1\0"),
        built_png(rest=b"\0\0\1"),
        encoded("PNG", "P"),
        encoded("PNG", "RGBA"),
        encoded("JPEG"),
        b"",
    ],
)
def test_of_a_png_that_may_not_be_sound_nothing_is_said(image):
    assert not images.is_sound_png(image)


def test_a_large_png_is_not_unpacked_at_once(monkeypatch):
    monkeypatch.setattr(images, "SMALL", 28)
    assert images.is_sound_png(encoded("PNG"))  # 4 rows of a filter and 6 pixels
    monkeypatch.setattr(images, "SMALL", 27)
    assert not images.is_sound_png(encoded("PNG"))


@pytest.mark.parametrize("size", [(101, 100), (50_000, 50_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size):
    # a header and no pixels: anything that decoded first would call it damaged
    assert re.match(r"too large: .* pixels, where 10000 are allowed", images.find_problem(png_header(*size), MAX))


def test_what_pillow_calls_a_bomb_is_refused_with_its_limit():
    reason = images.find_problem(png_header(50_000, 50_000), MAX)
    assert (
        reason == f"too large: its header says more than {2 * Image.MAX_IMAGE_PIXELS} pixels, where 10000 are allowed"
    )


def test_the_limit_itself_is_allowed():
    assert images.find_problem(encoded("PNG"), 24) is None
    assert images.find_problem(encoded("PNG"), 23) == "too large: 6 x 4 pixels, where 23 are allowed"


def test_a_picture_of_no_size_is_refused():
    assert images.find_problem(png_header(0, 5) + chunk(b"IEND", b""), MAX).startswith("not an image: ")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_damage_anywhere_gives_a_reason_or_a_readable_picture_and_never_an_error(form):
    whole = encoded(form)
    readable = 0
    for seed in range(300):
        draw = random.Random(seed)
        image = bytearray(whole)
        image[draw.randrange(len(image))] = draw.randrange(256)
        image = bytes(image[: draw.choice((len(image), draw.randrange(len(image))))])
        if images.find_problem(image, MAX) is None:
            assert images.find_problem(images.to_png(image), MAX) is None
            readable += 1
    assert (readable > 0) == (form != "PNG")  # whose checksums find any damage
    assert readable < 150  # half are cut short


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((10_000, 64), "too large: 10000 x 64 pixels, where no side may exceed 8000"),
        ((64, 8001), "too large: 64 x 8001 pixels, where no side may exceed 8000"),
        ((300, 4), "too small: 300 x 4 pixels, where both sides must have 8"),
        ((7, 64), "too small: 7 x 64 pixels, where both sides must have 8"),
        ((8000, 8), None),
    ],
)
def test_a_side_may_be_too_long_or_too_short_though_the_pixels_are_few(size, reason):
    written = io.BytesIO()
    Image.new("L", size).save(written, "PNG")
    assert images.find_problem(written.getvalue(), 1_000_000, min_side=8, max_side=8000) == reason
    assert images.find_problem(written.getvalue(), 1_000_000) is None


def exif(orientation, order="<"):
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    head = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + head + struct.pack(f"{order}IH", 8, 1) + entry + struct.pack(f"{order}I", 0)


# 1 2 3    as the eight orientation marks say that it is to be shown; rows from the top
# 4 5 6
SHOWN = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[4, 1], [5, 2], [6, 3]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[3, 6], [2, 5], [1, 4]],
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_an_orientation_mark_turns_every_format_alike(form, orientation, order):
    picture = Image.frombytes("L", (3, 2), bytes([1, 2, 3, 4, 5, 6]))
    written = io.BytesIO()
    if form == "TIFF":
        picture.save(written, form, tiffinfo={0x0112: orientation})
    else:
        lossless = {"lossless": True} if form == "WEBP" else {}
        picture.convert("RGB").save(written, form, exif=exif(orientation, order), **lossless)
    image, shown = written.getvalue(), SHOWN[orientation]
    assert images.decode_pixels(image)[..., 0].tolist() == shown
    assert images.read_size(image) == (len(shown[0]), len(shown))
    assert images.decode_pixels(images.to_png(image))[..., 0].tolist() == shown


def test_an_orientation_mark_turns_a_jpeg_and_is_gone_from_what_becomes_of_it():
    halves = Image.new("L", (64, 32), 0)
    halves.paste(255, (32, 0, 64, 32))  # light on the right
    written = io.BytesIO()
    halves.save(written, "JPEG", exif=exif(6))
    pixels = images.decode_pixels(written.getvalue())[..., 0]
    assert pixels.shape == (64, 32)
    assert (pixels[:28] < 9).all()
    assert (pixels[36:] > 246).all()  # turned clockwise: the right is below
    assert b"Exif" not in images.to_png(written.getvalue())


@pytest.mark.parametrize(
    ("levels", "greys"),
    [
        ([0, 128, 255], [0, 128, 255]),  # 8 bits in 16
        ([16, 2048, 4095], [1, 128, 255]),  # 12: 16 * 255 / 4095 = 0.996, 2048 * 255 / 4095 = 127.53
        ([0, 4096, 65535], [0, 16, 255]),  # 16: 4096 * 255 / 65535 = 15.94
        ([60000, 60050, 60020], [233, 234, 234]),  # a blank sheet stays one: 233.46, 233.66, 233.54
    ],
)
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_grey_of_sixteen_bits_is_scaled_by_the_bits_it_uses(form, levels, greys):
    written = io.BytesIO()
    Image.frombytes("I;16", (3, 1), struct.pack("<3H", *levels)).save(written, form)
    assert images.decode_pixels(written.getvalue()).tolist() == [[[grey] for grey in greys]]


@pytest.mark.parametrize(
    ("levels", "greys"),
    [
        ([65535, 4096, 0], [0, 239, 255]),  # 255 - 15.94
        ([4095, 2048, 16], [0, 127, 254]),  # a sensor's 12 bits
    ],
)
def test_grey_of_sixteen_bits_in_which_0_is_white_is_no_negative(levels, greys):
    written = io.BytesIO()
    sixteen = Image.frombytes("I;16", (3, 1), struct.pack("<3H", *levels))
    sixteen.save(written, "TIFF", tiffinfo={images.PHOTOMETRIC_TAG: images.WHITE_IS_ZERO})
    assert Image.open(io.BytesIO(written.getvalue())).tag_v2[images.PHOTOMETRIC_TAG] == images.WHITE_IS_ZERO
    assert images.decode_pixels(written.getvalue()).tolist() == [[[grey] for grey in greys]]


@pytest.mark.parametrize(
    ("depth", "color", "row", "key", "pixels"),
    [
        (8, 0, bytes([7, 9]), [7], [[7, 0], [9, 255]]),
        (1, 0, bytes([0b0100_0000]), [1], [[0, 255], [255, 0]]),
        (2, 0, bytes([0b1101_0000]), [3], [[255, 0], [85, 255]]),
        (8, 2, bytes([1, 2, 3, 1, 2, 4]), [1, 2, 3], [[1, 2, 3, 0], [1, 2, 4, 255]]),
    ],
)
def test_the_transparent_color_of_a_png_becomes_opacity(depth, color, row, key, pixels):
    header = struct.pack(">IIBBBBB", 2, 1, depth, color, 0, 0, 0)
    parts = ((b"IHDR", header), (b"tRNS", struct.pack(f">{len(key)}H", *key)), (b"IDAT", zlib.compress(b"\0" + row)))
    image = images.PNG + b"".join(chunk(*part) for part in (*parts, (b"IEND", b"")))
    assert images.decode_pixels(image).tolist() == [pixels]
    assert images.decode_pixels(images.to_png(image)).tolist() == [pixels]
    assert images.to_png(image) is not image


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (encoded("PNG"), None),
        (encoded("JPEG", "RGB"), None),
        (encoded("GIF"), None),
        (encoded("GIF", comment=b"drawn"), None),
        (encoded("BMP"), None),
        (encoded("BMP", "RGB"), None),
        (encoded("TIFF"), "unsupported image format (supported: PNG, JPEG, GIF, BMP)"),
        (encoded("WEBP", "RGB"), "unsupported image format (supported: PNG, JPEG, GIF, BMP)"),
        (encoded("JPEG", "CMYK"), "unsupported kind of JPEG: CMYK (supported: grey, RGB)"),
        (encoded("GIF", "P", transparency=0), "unsupported kind of GIF: "),
        (encoded("BMP", "P"), None),  # of grey levels
        (encoded("BMP", "1"), "unsupported kind of BMP "),
        (
            png_header(10_000, 5_001),
            "too many pixels: a picture may have 50000000; width and height of this one: 10000",
        ),
        (encoded("JPEG")[:100], "damaged image: "),
    ],
)
def test_a_model_takes_what_every_decoder_reads_alike(image, reason):
    if reason is None:
        assert (images.decode_for_model(image) == images.decode_pixels(image)).all()
    else:
        with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
            images.decode_for_model(image)


def test_the_header_alone_is_looked_at_where_nothing_is_to_be_decoded():
    cut = images.save_png(picture())[:-20]
    assert images.find_problem(cut, MAX).startswith("damaged image: ")
    assert images.find_problem(cut, MAX, decode=False) is None
    assert images.find_problem(b"no picture", MAX, decode=False).startswith("not an image: ")
    assert images.find_problem(images.save_png(picture()), 23, decode=False).startswith("too large: 6 x 4")


def test_a_gif_that_lacks_the_end_of_its_frame_is_damaged_though_all_its_pixels_are_there():
    """As giflib has it, and so TensorFlow; Pillow reads such a file."""
    written = io.BytesIO()
    picture().save(written, "GIF")
    whole = written.getvalue()
    assert whole.endswith(b"\0;")
    assert images.find_problem(whole, MAX) is None
    assert images.find_problem(whole[:-1], MAX) is None  # what comes after the frame may be missing
    cut = whole[:-2]
    Image.open(io.BytesIO(cut)).load()
    assert images.find_problem(cut, MAX) == "damaged image: the file ends before the picture does"
    with pytest.raises(ValueError, match="the file ends before the picture does"):
        images.open_picture(cut)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_an_image_is_laid_on_the_ground_that_a_model_lays_it_on(mode):
    random = np.random.default_rng(7)
    for lightest in (40, 120, 140, 255):
        pixels = random.integers(0, lightest + 1, (9, 9, len(mode)), dtype=np.uint8)
        pixels[..., -1] = random.choice([0, 128, 255], (9, 9))
        laid = np.asarray(images.flatten(Image.fromarray(pixels, mode)).convert("L"), float)
        assert np.abs(laid - compose.to_levels(numpy_ops, pixels, 1)[0]).max() <= 1.0


def test_an_opaque_image_stays_as_it_is():
    white = Image.new("RGBA", (2, 2), (255, 255, 255, 255))
    assert images.flatten(white).tobytes() == b"\xff" * 12
    grey = Image.new("L", (2, 2), 7)
    assert images.flatten(grey) is grey
