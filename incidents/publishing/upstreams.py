"""What others say of themselves, as the page shows it: always as theirs, with its age, and unknown when it is old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from incidents.domain.status import Level
from incidents.domain.upstream import SILENT_AFTER
from incidents.models import Upstream
from incidents.publishing import words

REACHED_STEP = timedelta(minutes=15)
_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True)
class UpstreamIncidentView:
    """An incident that they report. `url` is http(s) or ""."""

    name: str
    url: str
    since: datetime | None


@dataclass(frozen=True)
class UpstreamView:
    """A provider that the page depends on. `kind` is icon and colour, `label` its word: `unknown` if not heard lately.

    `words` and `incidents` are theirs. `since` is when they began to say so, or were last heard (None: never);
    `reached_at` is rounded down to a quarter of an hour, so that a page does not change with each check.
    """

    name: str
    slug: str
    url: str
    kind: str
    label: str
    words: str
    incidents: tuple[UpstreamIncidentView, ...]
    since: datetime | None
    reached_at: datetime | None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of them now."""
        return self.reached_at is None


def followed() -> list[Upstream]:
    """Those that are shown, in their order; one query."""
    return list(Upstream.objects.filter(is_enabled=True))


def upstream_views(rows: Iterable[Upstream], now: datetime) -> tuple[UpstreamView, ...]:
    """What is shown of each at `now` (UTC)."""
    return tuple(_unknown(row) if row.is_unknown(now) else _known(row) for row in rows)


def edges(rows: Iterable[Upstream], now: datetime) -> Iterator[datetime]:
    """The instants after `now` at which one becomes unknown if nothing more is heard of it."""
    for row in rows:
        if row.ok_at and not row.is_unknown(now):
            yield row.ok_at + SILENT_AFTER + _INSTANT


def _unknown(row: Upstream) -> UpstreamView:
    return UpstreamView(row.name, row.slug, row.site, "unknown", _("Unknown"), "", (), row.ok_at, None)


def _known(row: Upstream) -> UpstreamView:
    assert row.ok_at is not None, "they were heard"
    kind, label = _looks(row.said_level, row.is_troubled)
    incidents = tuple(
        UpstreamIncidentView(each["name"], each["url"], parse_datetime(each["since"] or "")) for each in row.incidents
    )
    since_quarter = timedelta(seconds=row.ok_at.timestamp() % REACHED_STEP.total_seconds())
    return UpstreamView(
        row.name, row.slug, row.site, kind, label, row.words, incidents, row.changed_at, row.ok_at - since_quarter
    )


def _looks(level: Level | None, is_troubled: bool) -> tuple[str, str]:
    if level:
        return words.SHORT[level], str(words.LEVELS[level])
    # A feed says what is wrong, and never that nothing is: silence is not painted green.
    return ("degraded", _("Trouble reported")) if is_troubled else ("notice", _("No trouble reported"))
