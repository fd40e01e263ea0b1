"""Pictures are made anew from their pixels; what is no picture, or too much of one, is refused before it costs."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from incidents.domain import picture
from incidents.domain.picture import INLINE_BYTES, MAX_BYTES, BadPicture, Fault
from tests.acts_looks import a_file


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def colour_at(data: bytes, at: tuple[int, int]) -> tuple[int, ...]:
    found = opened(data).convert("RGBA").getpixel(at)
    assert isinstance(found, tuple)
    return tuple(int(each) for each in found)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def a_bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be of any size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")


def with_place() -> bytes:
    """A JPEG that tells where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    return a_file("JPEG", exif=exif.tobytes(), comment=b"secret comment")


def frames() -> bytes:
    held = BytesIO()
    later = [Image.new("RGB", (20, 20), colour) for colour in ("blue", "lime")]
    Image.new("RGB", (20, 20), "red").save(held, "GIF", save_all=True, append_images=later)
    return held.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_raster_form_becomes_a_png_and_a_small_webp(form):
    made = picture.logo(a_file(form, size=(400, 200)))
    assert (made.file.kind, made.file.width, made.file.height) == ("png", 192, 96)
    assert opened(made.file.data).format == "PNG"
    assert opened(made.inline.data).format == "WEBP"
    assert len(made.inline.data) <= INLINE_BYTES


def test_a_small_logo_is_not_blown_up():
    made = picture.logo(a_file(size=(24, 16)))
    assert (made.file.width, made.file.height) == (24, 16)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"\x89PNG" + b"x" * MAX_BYTES, Fault.TOO_BIG),
        (a_bomb(30_000, 30_000), Fault.TOO_MANY_PIXELS),
        (a_bomb(12_000, 2_500), Fault.TOO_MANY_PIXELS),
        (a_bomb(12_001, 1), Fault.TOO_MANY_PIXELS),
        (a_bomb(60, 60), Fault.DAMAGED),
        (a_file(size=(300, 300))[:-40], Fault.DAMAGED),
        (a_file("JPEG", size=(300, 300))[:200], Fault.DAMAGED),
        (a_file("WEBP", size=(300, 300))[:30], Fault.DAMAGED),
        (b"\x89PNG\r\n\x1a\n", Fault.DAMAGED),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', Fault.DRAWING),
        (b'\xef\xbb\xbf <?xml version="1.0"?><svg/>', Fault.DRAWING),
        (b"<!-- drawn by hand --><svg/>", Fault.DRAWING),
        (b"%PDF-1.7", Fault.NO_PICTURE),
        (b"<!doctype html><script>alert(1)</script>", Fault.NO_PICTURE),
        (a_file("BMP"), Fault.NO_PICTURE),
        (a_file("TIFF"), Fault.NO_PICTURE),
        (b"\0" * 64, Fault.NO_PICTURE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_named(data, fault):
    with pytest.raises(BadPicture) as caught:
        picture.logo(data)
    assert caught.value.fault == fault


def test_a_bomb_is_refused_before_it_is_decoded():
    began = time.process_time()
    with pytest.raises(BadPicture) as caught:
        picture.logo(a_bomb(11_000, 11_000))
    assert (caught.value.width, caught.value.height) == (11_000, 11_000)
    assert time.process_time() - began < 0.2


def test_nothing_but_the_pixels_comes_through():
    told = picture.logo(with_place() + b"<script>alert(1)</script>PK\x03\x04")
    for data in (told.file.data, told.inline.data):
        assert b"secret" not in data
        assert b"script" not in data
        assert b"Exif" not in data.replace(b"EXIF", b"Exif")
        assert not opened(data).getexif()
        assert set(opened(data).info) <= {"loop", "background", "timestamp", "duration"}


def test_a_picture_that_was_taken_sideways_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    made = picture.logo(a_file("JPEG", size=(80, 40), exif=exif.tobytes()))
    assert (made.file.width, made.file.height) == (40, 80)


def test_an_animation_is_its_first_frame():
    made = picture.logo(frames())
    for data in (made.file.data, made.inline.data):
        image = opened(data)
        assert getattr(image, "n_frames", 1) == 1
        red, green, blue, _alpha = colour_at(data, (5, 5))
        assert (red > 200, green < 60, blue < 60) == (True, True, True)


@pytest.mark.parametrize(
    ("form", "mode", "colour"),
    [
        ("JPEG", "CMYK", (0, 0, 0, 0)), ("JPEG", "L", 255), ("PNG", "I;16", 65535), ("PNG", "1", 1), ("PNG", "P", 0),
        ("PNG", "LA", (255, 255)), ("PNG", "RGBA", (255, 255, 255, 255)),
    ],
)  # fmt: skip
def test_every_mode_of_colour_is_turned_into_plain_colours(form, mode, colour):
    made = picture.logo(a_file(form, mode=mode, colour=colour))
    wanted = 0 if mode == "P" else 255
    assert all(abs(each - wanted) <= 3 for each in colour_at(made.file.data, (60, 20))[:3])


def test_see_through_parts_stay_so_and_are_known():
    assert picture.logo(a_file(mode="RGBA", colour=(10, 20, 30, 0))).is_see_through
    assert not picture.logo(a_file(mode="RGBA", colour=(10, 20, 30, 255))).is_see_through
    assert not picture.logo(a_file()).is_see_through
    through = picture.logo(a_file(mode="RGBA", colour=(10, 20, 30, 0)))
    assert colour_at(through.inline.data, (5, 5))[3] == 0


def test_the_form_inside_pages_is_small_even_if_the_picture_is_noise():
    held = BytesIO()
    Image.effect_noise((480, 96), 120).convert("RGB").save(held, "PNG")
    assert len(picture.logo(held.getvalue()).inline.data) <= 2 * INLINE_BYTES
