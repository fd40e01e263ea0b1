"""A page in its owner's looks: on every page, under an exact policy, within its size, and nowhere else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from datetime import datetime
from io import BytesIO
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageDraw

from incidents.actions import branding as actions
from incidents.actions import picture as picture_actions
from incidents.domain.picture import INLINE_BYTES
from incidents.models import PublicPage
from incidents.publishing import pictures, statuspage_v2, store
from incidents.publishing.csp import image_csp
from incidents.publishing.pages import csp
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page
from tests.acts_looks import a_file
from tests.factories import make_component, utc
from tests.publishing.page_world import add_past, all_pages, open_the_incident, ten_components, truth_at
from tests.workflow_world import person

pytestmark = pytest.mark.django_db
WINDOW = 14 * 1024
LINKS = "\n".join(f"Something of ours {number} https://www.example.org/some/place/{number}" for number in range(8))
BEFORE = utc("2026-06-23 14:00")


def front(truth: Snapshot) -> Page:
    return all_pages(truth)["/"]


def a_wordmark(ink: tuple[int, ...]) -> bytes:
    """A logo as people have them: a round mark and letters, on nothing."""
    image = Image.new("RGBA", (960, 192), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 184, 184), fill=(*ink, 255))
    draw.polygon([(60, 130), (96, 40), (132, 130)], fill=(255, 190, 20, 255))
    draw.text((220, 10), "Example", fill=(*ink, 255), font_size=150)
    held = BytesIO()
    image.save(held, "PNG")
    return held.getvalue()


def brand(at: datetime | None = BEFORE, **looks: Any) -> PublicPage:
    ada = person("ada", "administrator")
    codes: dict[str, Any] = {
        name: picture_actions.add_logo(actor=ada, data=looks.pop(name), now=at).code
        for name in ("logo", "logo_dark")
        if name in looks
    }
    return actions.edit_branding(actor=ada, now=at, **codes, **looks)


def whole() -> PublicPage:
    return brand(
        logo=a_wordmark((20, 40, 90)), logo_dark=a_wordmark((220, 230, 255)), accent="#7a1fa2", footer_links=LINKS,
        style_values="--font: humanist\n--radius: 4px\n--space: 40px\n--width: 960px",
    )  # fmt: skip


def test_the_front_page_of_a_page_with_everything_still_fits_one_congestion_window():
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    page = whole()
    assert len(page.logo.small) <= INLINE_BYTES
    assert len(page.logo_dark.small) <= INLINE_BYTES
    body = front(truth_at("15:10")).body
    sizes = {"gzip": len(gzip.compress(body, 6)), "brotli": len(brotli.compress(body, quality=5))}
    assert max(sizes.values()) <= WINDOW, sizes


def test_each_page_shows_it_under_a_policy_that_allows_exactly_its_style():
    open_the_incident(ten_components())
    plain = csp()
    whole()
    for page in all_pages(truth_at("15:10")).values():
        body = page.body.decode()
        style = re.search(r"<style>(.*?)</style>", body, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = dict(page.headers)["Content-Security-Policy"]
        assert f"style-src 'sha256-{digest}'" in policy, page.path
        assert policy != plain
        assert "--link:#7a1fa2" in style
        assert body.count('class="logo') == 2
        assert body.count('alt="') == 2
        assert "https://www.example.org/some/place/7" in body
        assert "style=" not in body


def test_the_same_looks_give_the_same_bytes_and_others_write_every_page_anew():
    make_component(now=utc("2026-01-01 00:00"))
    first = brand(accent="#7a1fa2")
    before = {path: page.body for path, page in all_pages(truth_at("15:10")).items()}
    assert before == {path: page.body for path, page in all_pages(truth_at("15:10")).items()}
    assert first.version == 2
    brand(accent="#00695c")
    after = {path: page.body for path, page in all_pages(truth_at("15:10")).items()}
    assert {path for path in before if before[path] == after[path]} == set()


def test_a_picture_is_a_file_that_may_neither_run_nor_change():
    make_component(now=utc("2026-01-01 00:00"))
    page = brand(logo=a_file())
    store.republish(utc("2026-06-23 15:10"))
    found = list(pictures.cold(truth_at("15:10")))
    assert [each.path for each in found] == [page.logo.path]
    served: Page = found[0].render()
    assert served.body == bytes(page.logo.data)
    assert served.content_type == "image/png"
    assert dict(served.headers)["Content-Security-Policy"] == image_csp()
    assert "sandbox" in image_csp()
    assert "immutable" in served.cache_control
    stored = store.the_tree().root / "cold" / page.logo.path[1:]
    assert stored.read_bytes() == bytes(page.logo.data)
    brand(at=utc("2026-06-23 15:11"), accent="#00695c")
    store.republish(utc("2026-06-23 15:12"))
    assert not stored.exists()


def test_a_logo_that_is_see_through_gets_a_plate_unless_there_is_one_for_the_dark():
    make_component(now=utc("2026-01-01 00:00"))
    brand(logo=a_wordmark((0, 0, 0)))
    assert b'class="logo plate"' in front(truth_at("15:10")).body
    brand(logo=a_wordmark((0, 0, 0)), logo_dark=a_wordmark((255, 255, 255)))
    body = front(truth_at("15:10")).body
    assert b"plate" not in body.partition(b"<body>")[2]
    assert body.count(b"by-day") == body.count(b"by-night") == 2  # in the style sheet, and on the picture


def test_programs_of_the_dialect_see_nothing_of_it():
    open_the_incident(ten_components())

    def told() -> dict[str, Any]:
        found = {page.path: json.loads(page.body) for page in statuspage_v2.hot(truth_at("15:10"))}
        for document in found.values():
            document["page"].pop("updated_at")
        return found

    before = told()
    whole()
    assert told() == before


def test_a_link_preview_has_the_logo_by_its_public_address(settings):
    make_component(now=utc("2026-01-01 00:00"))
    page = brand(logo=a_file())
    head = " ".join(front(truth_at("15:10")).body.decode().partition("</head>")[0].split())
    assert f'<meta property="og:image" content="{settings.SITE_URL}{page.logo.path}">' in head
