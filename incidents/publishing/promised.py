"""What the pages say of promises, made ready: by when, how it stands, and by how much it was late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from incidents.domain.instants import to_the_second
from incidents.domain.promises import Deliverable, PromiseState
from incidents.models.review_words import word_of
from incidents.publishing import words
from incidents.publishing.promises import PromiseView
from incidents.publishing.public import IncidentView, Snapshot

# The shape and the colour of a state.
KINDS = {
    PromiseState.RUNNING: "notice",
    PromiseState.DUE_SOON: "degraded",
    PromiseState.MET: "ok",
    PromiseState.MET_LATE: "partial",
    PromiseState.MISSED: "major",
    PromiseState.WAIVED: "unknown",
}


@dataclass(frozen=True)
class Line:
    """A promise as it is printed. `late`: by how long it was kept late, "" if it was not; `is_counting`: its time runs
    or has run out, so that a clock makes sense beside it."""

    view: PromiseView
    thing: str
    kind: str
    word: str
    due: SafeString
    first_due: SafeString
    late: str
    is_counting: bool

    @property
    def is_anew(self) -> bool:
        """Whether it was missed and then promised for another time."""
        return self.view.state == PromiseState.MISSED and any(row.at > row.old_due_at for row in self.view.put_off)

    @property
    def is_said(self) -> bool:
        """Whether `thing` is a whole sentence, which wants a line of its own."""
        return self.view.deliverable == Deliverable.OTHER


def lines(views: Iterable[PromiseView]) -> list[Line]:
    """Each promise made ready to be printed."""
    return [_line(view) for view in views]


def views_of(snapshot: Snapshot, incident: IncidentView) -> list[PromiseView]:
    """The promises about an incident that are rows of their own, the one made first first."""
    mine = [view for view in snapshot.promises if view.incident_code == incident.code and view.is_row]
    return sorted(mine, key=lambda view: (view.made_at, view.code))


def lines_of(snapshot: Snapshot, incident: IncidentView) -> list[Line]:
    """The same, made ready for the page of the incident."""
    return lines(views_of(snapshot, incident))


def due_element(at: datetime) -> SafeString:
    """A `<time>`: `Tue 30 Jun 2026, 23:59 UTC`."""
    at = at.astimezone(UTC)
    shown = f"{WEEKDAYS_ABBR[at.weekday()]} {words.clock(at, has_day=True)}"
    return format_html('<time datetime="{}">{}</time>', to_the_second(at), shown)


def _line(view: PromiseView) -> Line:
    is_late = view.state == PromiseState.MET_LATE and view.fulfilled_at
    seconds = int((view.fulfilled_at - view.first_due_at).total_seconds()) if is_late and view.fulfilled_at else 0
    return Line(
        view=view,
        thing=_thing(view),
        kind=KINDS[view.state],
        word=word_of(PromiseState, view.state),
        due=due_element(view.due_at),
        first_due=due_element(view.first_due_at),
        late=words.duration(seconds) if is_late else "",
        is_counting=view.is_running or view.state == PromiseState.MISSED,
    )


def _thing(view: PromiseView) -> str:
    if view.deliverable == Deliverable.FINAL_REVIEW:
        return _("Review")
    return view.sentence if view.deliverable == Deliverable.OTHER else word_of(Deliverable, view.deliverable)
