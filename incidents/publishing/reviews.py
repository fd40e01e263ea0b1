"""What the public may know of reviews: the versions that were published, and nothing of the working copies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from incidents.domain.review import VersionKind
from incidents.models import ReviewVersion
from incidents.publishing import review_words

Envelope = dict[str, Any]
PRELIMINARY = VersionKind.PRELIMINARY.value


@dataclass(frozen=True)
class VersionView:
    """One published version. `document` is the JSON text exactly as it was stored; of one whose text was withheld
    nothing is read. Times UTC."""

    slug: str
    number: int
    kind: str
    published_at: datetime
    reason: str
    is_material: bool
    is_break_glass: bool
    sha256: str
    withheld_at: datetime | None
    document: str

    @cached_property
    def envelope(self) -> Envelope:
        """The document, parsed; empty where it was withheld."""
        return json.loads(self.document) if self.is_readable else {}

    @property
    def is_readable(self) -> bool:
        """Whether its text stands."""
        return self.withheld_at is None and bool(self.document)

    @property
    def review(self) -> dict[str, Any] | None:
        """The review in it; None of a retraction and of what was withheld."""
        return self.envelope.get("review")

    @property
    def standing(self) -> str:
        """`preliminary` or `final`; of one whose text was withheld, what its kind says."""
        said = self.envelope.get("version", {}).get("standing")
        return str(said or (PRELIMINARY if self.kind == PRELIMINARY else VersionKind.FINAL.value))

    @property
    def path(self) -> str:
        """The address at which exactly this stands."""
        return f"/reviews/{self.slug}/versions/{self.number}"

    @property
    def key(self) -> tuple[object, ...]:
        """What decides whether a page that shows it must be made again: versions change by being withheld alone."""
        return (self.slug, self.number, self.kind, self.sha256, self.published_at, self.reason, self.withheld_at)


@dataclass(frozen=True)
class ReviewView:
    """A review that was published, `versions` newest first."""

    slug: str
    versions: tuple[VersionView, ...]

    @property
    def newest(self) -> VersionView:
        """What stands now."""
        return self.versions[0]

    @property
    def is_retracted(self) -> bool:
        """Whether nothing but a tombstone is left of it."""
        return self.newest.kind == VersionKind.RETRACTION

    @property
    def retraction(self) -> VersionView:
        """The version that took the ones before it back; the newest where there is none."""
        return next((row for row in self.versions if row.kind == VersionKind.RETRACTION), self.newest)

    @property
    def shown(self) -> VersionView | None:
        """The newest version with a review in it; None of a retracted one."""
        return None if self.is_retracted else next((row for row in self.versions if row.review), None)

    @property
    def title(self) -> str:
        """What it is called; empty once it was retracted."""
        return str(self.shown.review["title"]) if self.shown and self.shown.review else ""

    @property
    def incident_codes(self) -> tuple[str, ...]:
        """The incidents that it is about; none once it was retracted."""
        review = self.shown.review if self.shown else None
        return tuple(row["code"] for row in review["incidents"]) if review else ()

    @property
    def first_published_at(self) -> datetime:
        """When its first version appeared."""
        return self.versions[-1].published_at

    @property
    def material(self) -> VersionView:
        """The newest version that changed facts: what feeds and subscribers go by. The first always is one."""
        return next((row for row in self.versions if row.is_material), self.versions[-1])

    @property
    def path(self) -> str:
        """Its address on this site."""
        return f"/reviews/{self.slug}"

    @property
    def key(self) -> tuple[object, ...]:
        """The keys of all versions."""
        return tuple(row.key for row in self.versions)


class ReviewLine(NamedTuple):
    """A review as other pages point at it: where it stands and when that version was published (UTC)."""

    path: str
    title: str
    standing: str
    number: int
    published_at: datetime

    @property
    def state(self) -> str:
        """`Final`, `Preliminary, version 2`."""
        word = str(review_words.STANDINGS.get(self.standing, self.standing))
        if self.number == 1:
            return word
        return _("%(standing)s, version %(number)s") % {"standing": word, "number": self.number}


def review_views() -> tuple[ReviewView, ...]:
    """Every review that was published, the one with the newest version first; in two queries."""
    return tuple(
        sorted(
            (ReviewView(slug, tuple(rows)) for slug, rows in groupby(_versions(), key=lambda row: row.slug)),
            key=lambda view: (view.newest.published_at, view.slug),
            reverse=True,
        )
    )


def by_incident(views: Iterable[ReviewView]) -> dict[str, tuple[ReviewLine, ...]]:
    """The reviews of each incident by its code, as lines that point at them; retracted ones point at nothing."""
    found: dict[str, tuple[ReviewLine, ...]] = {}
    for view in views:
        for code in view.incident_codes:
            found[code] = (*found.get(code, ()), line_of(view))
    return found


def line_of(view: ReviewView) -> ReviewLine:
    """The line that points at a review."""
    return ReviewLine(view.path, view.title, view.newest.standing, view.newest.number, view.newest.published_at)


def stored_page(version: VersionView) -> tuple[str, str]:
    """The HTML of a version and the policy it is served under, exactly as they were stored.

    Read when the page is written, which is once: the pages of all versions would be most of a snapshot.
    """
    rows = ReviewVersion.objects.filter(review__slug=version.slug, number=version.number)
    return rows.values_list("page", "page_csp").get()


# Versions change by being withheld alone, so what was read and parsed is kept from one publication to the next.
_kept: dict[tuple[Any, ...], VersionView] = {}


def _versions() -> list[VersionView]:
    rows = list(
        ReviewVersion.objects.order_by("review__slug", "-number").values_list(
            "pk", "review__slug", "number", "kind", "published_at", "reason", "is_material", "is_break_glass", "sha256",
            "withheld_at",
        )
    )  # fmt: skip
    known: dict[tuple[Any, ...], VersionView] = {row: _kept[row] for row in rows if row in _kept}
    new = [row for row in rows if row not in known]
    texts = dict(ReviewVersion.objects.filter(pk__in=[row[0] for row in new]).values_list("pk", "document"))
    known |= {row: VersionView(*row[1:], texts[row[0]]) for row in new}
    _kept.clear()
    _kept.update(known)
    return [known[row] for row in rows]
