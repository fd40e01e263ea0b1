"""What of the page's looks every public page shows."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from incidents.domain.branding import style_of
from incidents.models import Picture, PublicPage

LOGO_HEIGHT, LOGO_WIDTH = 32, 200


@dataclass(frozen=True)
class LogoView:
    """A logo: `source` is the data address of its small form, `width` and `height` are those that it is shown at.

    `path` is its address as a file; `needs_plate`: parts of it are see-through, and it was made for a light ground.
    """

    path: str
    source: str
    width: int
    height: int
    needs_plate: bool
    data: bytes = field(repr=False)  # the path names it: keys of pages need not hash it


@dataclass(frozen=True)
class FooterLink:
    """A link that the page's owner has put at its end."""

    label: str
    url: str


@dataclass(frozen=True)
class Brand:
    """The looks: rules that come after the style sheet, the logos for either theme, and the links at the end."""

    style: str = ""
    logo: LogoView | None = None
    logo_dark: LogoView | None = None
    links: tuple[FooterLink, ...] = ()


PLAIN = Brand()


def brand_of(page: PublicPage) -> Brand:
    """The looks that are set for the page. One query if it has logos."""
    wanted = [number for number in (page.logo_id, page.logo_dark_id) if number]
    found = Picture.objects.in_bulk(wanted) if wanted else {}
    return look_of(page, found.get(page.logo_id or 0), found.get(page.logo_dark_id or 0))


def look_of(page: PublicPage, logo: Picture | None, logo_dark: Picture | None) -> Brand:
    """The looks that a row and two pictures give, stored or not."""
    return Brand(
        style_of(page.accent, page.accent_dark, page.style_values),
        _logo(logo, needs_plate=logo_dark is None) if logo else None,
        _logo(logo_dark, needs_plate=False) if logo and logo_dark else None,
        tuple(FooterLink(row["label"], row["url"]) for row in page.footer_links),
    )


def source_of(picture: Picture) -> str:
    """The data address (RFC 2397) of a picture's small form."""
    return f"data:image/webp;base64,{base64.b64encode(bytes(picture.small)).decode()}"


def _logo(picture: Picture, *, needs_plate: bool) -> LogoView:
    height = min(LOGO_HEIGHT, picture.height)
    scale = min(height / picture.height, LOGO_WIDTH / picture.width)
    return LogoView(
        picture.path,
        source_of(picture),
        max(1, round(picture.width * scale)),
        max(1, round(picture.height * scale)),
        needs_plate and picture.is_see_through,
        bytes(picture.data),
    )
