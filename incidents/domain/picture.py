"""A picture that somebody sends, made anew: only its pixels are taken over, so nothing else that was in the file is.

No metadata (EXIF, GPS, comments), no second half of a polyglot, no animation, no colour profile comes through. The size
in pixels is read from the head of the file and checked before anything is decoded.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageOps, ImageStat

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 24_000_000
MAX_SIDE = 12_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# A logo: what it is kept as, and how many bytes of it each page may carry. Shown 32 pixels high: twice that is sharp.
LOGO_SIZE = (480, 96)
INLINE_BYTES = 1_200
_INLINE_SIZES = ((320, 64), (240, 48), (200, 40), (160, 32))
# Effort 6 of libwebp takes thirty times as long as 4, for two bytes in a hundred.
_EFFORT = 4
_LOSSLESS: Mapping[str, Any] = {"lossless": True, "quality": 100, "method": _EFFORT}
_FEW_COLOURS = (64, 32, 16)
_UNSEEN_DIFFERENCE = 8  # root mean square over a channel of 0 to 255
_QUALITIES = (80, 60, 40, 20)
# What the readers of Pillow raise over a file that is not what it says; each is a bad file, not a fault of ours.
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError, struct.error)


class Fault(StrEnum):
    """What is wrong with a file."""

    EMPTY = "empty"
    TOO_BIG = "too big"
    TOO_MANY_PIXELS = "too many pixels"
    DRAWING = "drawing"
    NO_PICTURE = "no picture"
    DAMAGED = "damaged"


class BadPicture(ValueError):
    """The file cannot be taken. `width` and `height` are those it claims, 0 if it was not read that far."""

    def __init__(self, fault: Fault, width: int = 0, height: int = 0) -> None:
        super().__init__(fault)
        self.fault, self.width, self.height = fault, width, height


@dataclass(frozen=True)
class Encoded:
    """A picture as bytes: `kind` is the end of its file name, which says the type."""

    data: bytes
    kind: str
    width: int
    height: int


@dataclass(frozen=True)
class Logo:
    """A logo as a file of its own, and in a form small enough to stand inside every page."""

    file: Encoded
    inline: Encoded
    is_see_through: bool


def logo(data: bytes) -> Logo:
    """A file made into a logo of at most 480 × 96 pixels. Raises BadPicture."""
    image = _decoded(data, LOGO_SIZE)
    return Logo(_as_png(image), _inline(image), _is_see_through(image))


def _decoded(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The first frame, upright, as RGB or RGBA, no larger than `size`, and nothing but pixels. Raises BadPicture."""
    if not data:
        raise BadPicture(Fault.EMPTY)
    if len(data) > MAX_BYTES:
        raise BadPicture(Fault.TOO_BIG)
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(Fault.TOO_MANY_PIXELS) from None
    except (*_DAMAGE, zlib.error):
        raise BadPicture(_fault_of_unknown(data)) from None
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise BadPicture(Fault.TOO_MANY_PIXELS, width, height)
    try:
        image.draft("RGB", size)  # a JPEG is decoded at the nearest size that is large enough
        image.load()
        upright = ImageOps.exif_transpose(image)
        plain = _plain(upright)
        plain.thumbnail(size, Image.Resampling.LANCZOS)
    except (*_DAMAGE, zlib.error):
        raise BadPicture(Fault.DAMAGED, width, height) from None
    # A new image of the same pixels: Pillow writes what it finds in `info` into some formats.
    return Image.frombytes(plain.mode, plain.size, plain.tobytes())


def _fault_of_unknown(data: bytes) -> Fault:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in head:
        return Fault.DRAWING
    is_known = data.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8")) or data[8:12] == b"WEBP"
    return Fault.DAMAGED if is_known else Fault.NO_PICTURE


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits a channel
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _is_see_through(image: Image.Image) -> bool:
    if image.mode != "RGBA":
        return False
    least = image.getchannel("A").getextrema()[0]
    return isinstance(least, int | float) and least < 255


def _as_png(image: Image.Image) -> Encoded:
    """A PNG, since what shows a link to the page in a chat reads that; of 256 colours if that is smaller."""
    forms = [image, image.quantize(256, method=Image.Quantize.FASTOCTREE)]
    return Encoded(min((_bytes(each, "PNG", optimize=True) for each in forms), key=len), "png", *image.size)


def _inline(image: Image.Image) -> Encoded:
    """The largest and best form within INLINE_BYTES, or else the smallest that there is."""
    found = []
    for size in _INLINE_SIZES:
        smaller = image.copy()
        smaller.thumbnail(size, Image.Resampling.LANCZOS)
        for data in _small_forms(smaller):
            found.append(Encoded(data, "webp", *smaller.size))
            if len(data) <= INLINE_BYTES:
                return found[-1]
    return min(found, key=lambda each: len(each.data))


def _small_forms(image: Image.Image) -> Iterator[bytes]:
    """Whole; then with few colours, which suits flat drawings and keeps their edges; then lossy, for all else."""
    yield _bytes(image, "WEBP", **_LOSSLESS)
    for colours in _FEW_COLOURS:
        fewer = image.quantize(colours, method=Image.Quantize.FASTOCTREE).convert(image.mode)
        if max(ImageStat.Stat(ImageChops.difference(image, fewer)).rms) <= _UNSEEN_DIFFERENCE:
            yield _bytes(fewer, "WEBP", **_LOSSLESS)
    for quality in _QUALITIES:
        yield _bytes(image, "WEBP", quality=quality, alpha_quality=quality, method=_EFFORT)


def _bytes(image: Image.Image, form: str, **how: Any) -> bytes:
    held = BytesIO()
    image.save(held, form, **how)
    return held.getvalue()
