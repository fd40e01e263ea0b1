"""The acts on the looks of the page, for the table of the audit log; and pictures to send, made here."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from incidents.actions import branding, picture
from tests.workflow_world import person


def a_file(
    form: str = "PNG", *, size: tuple[int, int] = (120, 40), mode: str = "RGB", colour: Any = 200, **how: Any
) -> bytes:
    """A picture of one colour as the bytes of a file."""
    held = BytesIO()
    Image.new(mode, size, colour).save(held, form, **how)
    return held.getvalue()


def _added() -> Callable[[], object]:
    actor = person("ada", "administrator")
    return lambda: picture.add_logo(actor=actor, data=a_file())


def _branded() -> Callable[[], object]:
    actor = person("ada", "administrator")
    logo = picture.add_logo(actor=actor, data=a_file())
    links, values = "Privacy https://example.org/privacy", "--radius: 4px"
    return lambda: branding.edit_branding(
        actor=actor, accent="#1a55b0", footer_links=links, style_values=values, logo=logo.code
    )


ACTS: dict[str, Callable[[], Callable[[], object]]] = {"picture.added": _added, "page.branded": _branded}
