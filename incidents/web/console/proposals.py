"""What machines propose: publish it by one click, write it first, or dismiss it; and the ends that they propose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from incidents import queries
from incidents.actions import proposal as actions
from incidents.domain.inbound import ProposalState
from incidents.domain.markup import render_html
from incidents.domain.status import CLOSED_STAGES, Kind
from incidents.models import Component, Proposal, PublicPage, Upstream
from incidents.web.access import actor_of
from incidents.web.console.board import Board, current_board

SHOWN_ANSWERED = 50
STATES: dict[str, str | Promise] = {
    ProposalState.OPEN: gettext_lazy("Waits for an answer"),
    ProposalState.PUBLISHED: gettext_lazy("Published"),
    ProposalState.ATTACHED: gettext_lazy("Belongs to an incident that was open"),
    ProposalState.DISMISSED: gettext_lazy("Dismissed"),
    ProposalState.POSTED: gettext_lazy("Posted neutrally, unanswered"),
    ProposalState.OVER: gettext_lazy("Over before an answer"),
}


@dataclass(frozen=True)
class Line:
    """A proposal as it is shown: what would be public, at which level each component, and until when it can wait.
    `is_for_two`: one click does not publish it, for a second person publishes here; it is written, and offered."""

    proposal: Proposal
    proposer: str
    html: SafeString
    components: list[tuple[str, str]]
    state: str | Promise
    posted_at: datetime | None
    is_for_two: bool


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """What waits, which incidents may be over, and what became of the rest."""
    board, page = current_board(), queries.the_page()
    answered = Proposal.objects.exclude(state=ProposalState.OPEN).select_related("source", "incident")
    context = {
        "waiting": lines(waiting(), board, page),
        "ended": lines(ended(), board, page),
        "answered": lines(answered[:SHOWN_ANSWERED], board, page),
    }
    return render(request, "console/proposals/list.html", context)


@require_POST
def publish_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """Open the incident as it is proposed."""
    row = get_object_or_404(Proposal, pk=number)
    incident = actions.publish_proposal(actor=actor_of(request), proposal_id=row.pk, seen_version=_seen(request))
    messages.success(request, _("Published. Post an update as soon as you know more."))
    return redirect("console:incident", code=incident.code)


@require_POST
def dismiss_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """Answer that nothing is to be told."""
    row = get_object_or_404(Proposal, pk=number)
    actions.dismiss_proposal(actor=actor_of(request), proposal_id=row.pk, seen_version=_seen(request))
    messages.success(request, _("Dismissed. It is silent until it was over and fires again."))
    return redirect("console:proposals")


def waiting() -> QuerySet[Proposal]:
    """What nobody has answered, oldest first."""
    return Proposal.objects.filter(state=ProposalState.OPEN).select_related("source").order_by("first_seen_at")


def ended() -> list[Proposal]:
    """Open incidents of which every machine that reported says that they are over: the last such report of each."""
    rows = Proposal.objects.filter(incident__isnull=False, ended_at__isnull=False, incident__kind=Kind.INCIDENT)
    rows = rows.exclude(incident__stage__in=CLOSED_STAGES).exclude(incident__proposals__ceased_at__isnull=True)
    last = {row.incident_id: row for row in rows.select_related("incident", "source").order_by("ended_at")}
    return list(last.values())


def lines(rows: Iterable[Proposal], board: Board, page: PublicPage) -> list[Line]:
    """Proposals with the names of what they are about and of who makes them; one query at the most, for upstreams."""
    rows = list(rows)
    makers = proposers(rows)
    names = {row.pk: row for row in board.leaves()}
    regions = {region.pk: region.name for row in board.leaves() for region in row.regions.all()}
    return [_line(row, makers[row.pk], names, regions, page.is_four_eyes) for row in rows]


def proposers(rows: Iterable[Proposal]) -> dict[int, str]:
    """The name of the source or the upstream that makes each proposal, by the number of the proposal."""
    of_upstreams = {row.pk: row.origin.removeprefix("upstream:") for row in rows if not row.source}
    numbers = {int(text) for text in of_upstreams.values() if text.isdecimal()}
    names = {str(pk): name for pk, name in Upstream.objects.filter(pk__in=numbers).values_list("pk", "name")}
    return {
        row.pk: row.source.name if row.source else names.get(of_upstreams[row.pk], _("An upstream of before"))
        for row in rows
    }


def _line(row: Proposal, proposer: str, names: dict[int, Component], regions: dict[int, str], is_for_two: bool) -> Line:
    components = []
    for entry in row.components:
        if component := names.get(entry["component_id"]):
            places = ", ".join(regions[pk] for pk in entry.get("region_ids", ()) if pk in regions)
            components.append((f"{component.full_name} ({places})" if places else component.full_name, entry["level"]))
    minutes = row.source.dead_man_minutes if row.source and row.source.is_enabled else None
    return Line(
        proposal=row,
        proposer=proposer,
        html=mark_safe(render_html(row.body or actions.first_words())),  # noqa: S308 - cleaned by our own renderer
        components=components,
        state=STATES[row.state],
        posted_at=row.first_seen_at + timedelta(minutes=minutes) if minutes else None,
        is_for_two=is_for_two,
    )


def _seen(request: HttpRequest) -> int | None:
    raw = request.POST.get("seen_version", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None
