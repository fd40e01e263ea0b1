"""The first screen: what is open, with a clock each, and what is being sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents import queries
from incidents.domain.impact import Spell, levels_at
from incidents.domain.status import Stage
from incidents.models import Incident, IncidentUpdate
from incidents.reviewing.milestones import milestones
from incidents.reviewing.neglect import neglected
from incidents.reviewing.promises import running_promises
from incidents.web.access import may_reach
from incidents.web.console import drafts, promises, proposals, review_due
from incidents.web.console.board import current_board
from incidents.web.console.maintenance import clock_of
from incidents.web.console.sending import sending_now
from incidents.web.htmx import answer

TODAY = timedelta(hours=24)
SHOWN_PROPOSALS = 5
SHOWN_PROMISES = timedelta(days=14).total_seconds()


@dataclass(frozen=True)
class Clock:
    """An open incident with its clocks in seconds. `due_seconds` is negative when the promised update is over."""

    incident: Incident
    impact: str
    newest: IncidentUpdate | None
    components: list[tuple[str, str]]
    started_at: datetime
    open_seconds: int
    silent_seconds: int
    due_seconds: int | None


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What monitors propose, open incidents, deliveries on their way, and components that are not operational.

    204 where nothing of it has changed since the state in `Candor-State`, which each answer names.
    """
    now = timezone.now()
    # Whatever is shown changes with a write, of which each is in the log, or with the minute.
    page = queries.the_page()
    state = f"{page.log_number}.{int(now.timestamp() // 60)}"
    if request.headers.get("Candor-State") == state:
        return HttpResponse(status=204)
    board = current_board()
    levels = board.levels()
    proposed = list(proposals.waiting())
    broken = [row for row in board.leaves() if row.pk in levels]
    context = {
        "waiting": proposals.lines(proposed[:SHOWN_PROPOSALS], board, page),
        "waiting_count": len(proposed),
        "offered": drafts.lines(drafts.offered()) if may_reach(request, "drafts") else [],
        "ended": proposals.lines(proposals.ended(), board, page),
        "clocks": _clocks(now),
        "sending": sending_now(now, page),
        "broken": [(row, levels[row.pk], board.open_by_component[row.pk]) for row in broken],
        "component_count": len(board.leaves()),
        "now": now,
        "windows": [(row, clock_of(row, now)) for row in _windows(now)],
        "reviews_due": review_due.due_now(now),
        "promised": _promised(now),
        "neglected": [(each, int((now - each.since).total_seconds())) for each in neglected(now)],
    }
    response = answer(request, "console/overview.html", context | {"state": state})
    response["Candor-State"] = state
    return response


@require_safe
def sending(request: HttpRequest) -> HttpResponse:
    """What is being sent now; the overview asks for it every few seconds."""
    return answer(
        request, "console/sending.html", {"sending": sending_now(timezone.now(), queries.the_page())}, fragment="panel"
    )


def _promised(now: datetime) -> list[promises.Line]:
    """What is due soon besides the reviews, which stand by themselves."""
    soon = (line for line in promises.lines(running_promises(), now) if line.seconds < SHOWN_PROMISES)
    return [line for line in soon if line.promise.deliverable not in review_due.OF_REVIEWS]


def _windows(now: datetime) -> QuerySet[Incident]:
    """Maintenance that runs, or should, or comes within a day."""
    rows = queries.planned_maintenance().exclude(stage=Stage.COMPLETED)
    return rows.filter(scheduled_for__lt=now + TODAY).prefetch_related("scope__component__group", "scope__region")


def _clocks(now: datetime) -> list[Clock]:
    standing = queries.standing_intervals().select_related("component__group")
    rows = queries.open_incidents().prefetch_related(
        Prefetch("intervals", queryset=standing, to_attr="standing"), "updates", "milestone_statements"
    )
    clocks = [_clock(row, now) for row in rows]
    # What is promised soonest, or overdue longest, comes first; those without a promise last, newest first.
    return sorted(clocks, key=lambda clock: (clock.due_seconds is None, clock.due_seconds or 0))


def _clock(incident: Incident, now: datetime) -> Clock:
    intervals = incident.standing  # type: ignore[attr-defined]
    spells: list[Spell] = [queries.spell_of(row) for row in intervals]
    updates = list(incident.updates.all())
    newest = updates[-1] if updates else None
    names = {row.component_id: row.component.full_name for row in intervals}
    found = milestones(spells, updates, incident.milestone_statements.all())
    started_at = found[0].at or incident.created_at
    due_at = newest.next_update_due_at if newest else None
    return Clock(
        incident=incident,
        impact=queries.impact_of(incident, spells),
        newest=newest,
        components=[(names[pk], level.value) for pk, level in levels_at(spells, now).items()],
        started_at=started_at,
        open_seconds=int((now - started_at).total_seconds()),
        silent_seconds=int((now - (newest.posted_at if newest else started_at)).total_seconds()),
        due_seconds=int((due_at - now).total_seconds()) if due_at else None,
    )
