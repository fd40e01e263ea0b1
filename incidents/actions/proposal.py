"""Propose incidents and their ends, answer proposals, and post what nobody answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import alerting, guards, holding, incident, suggesting
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.inbound import ProposalState
from incidents.domain.status import Level, worst_of
from incidents.domain.verbs import Verb
from incidents.models import Component, InboundSource, Incident, Proposal, PublicPage

MARKDOWN = re.compile(r"[\\`*\[\]<>]")


def propose(
    *,
    actor: Actor,
    origin: str,
    fingerprint: str,
    title: str,
    body: str = "",
    components: Sequence[ComponentChange] = (),
    started_at: datetime | None = None,
    source_id: int | None = None,
    now: datetime | None = None,
) -> Proposal:
    """Propose an incident that a person then publishes or dismisses. A repeat raises the count of the first.

    `origin` says who proposes, as `upstream:2`; `fingerprint` names the trouble within it. Raises Refused.
    """
    now = now or timezone.now()
    entries = [
        {"component_id": each.component_id, "level": each.level.value, "region_ids": list(each.region_ids)}
        for each in components
    ]
    if repeated := suggesting.repeat(origin, suggesting.key_of(fingerprint), 1, now):
        return repeated
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        source = InboundSource.objects.filter(pk=source_id).first() if source_id else None
        return suggesting.suggest(
            actor, origin=origin, fingerprint=fingerprint, title=title, body=body, components=entries,
            started_at=started_at, source=source, now=now,
        )  # fmt: skip


def propose_end(
    *,
    actor: Actor,
    origin: str,
    fingerprint: str,
    ended_at: datetime | None = None,
    now: datetime | None = None,
) -> Proposal | None:
    """Say that what was proposed is over since `ended_at` (UTC; default now); None if nothing goes on. Raises Refused.

    Nothing is published by it: the end waits beside the incident, for a person to post.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        key = suggesting.key_of(fingerprint)
        return suggesting.suggest_end(actor, origin=origin, key=key, ended_at=ended_at, now=now)


def publish_proposal(
    *,
    actor: Actor,
    proposal_id: int,
    seen_version: int | None = None,
    is_notifying: bool = True,
    now: datetime | None = None,
) -> Incident:
    """Open the incident as it was proposed. Raises Conflict if somebody answered first or it changed, and Refused for
    one that is over, or as `open_incident`."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        row = suggesting.lock_answerable(proposal_id, seen_version)
        if row.state == ProposalState.OVER:
            raise Refused(_("The monitor says that this is over. To tell of it all the same, edit it first."))
        began = min(row.started_at or now, now)  # a clock that was set back must not keep anybody from publishing
        return incident.open_within(
            actor, page, now, title=row.title, body=row.body or first_words(), is_notifying=is_notifying,
            components=suggesting.changes_of(row.components, began), started_at=began, proposals=[row],
        )  # fmt: skip


def dismiss_proposal(
    *, actor: Actor, proposal_id: int, seen_version: int | None = None, now: datetime | None = None
) -> Proposal:
    """Answer that nothing is to be told. The alert stays silent until it was over and fires again. Raises Refused,
    Conflict as `publish_proposal`."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        row = suggesting.lock_answerable(proposal_id, seen_version)
        suggesting.answer(row, ProposalState.DISMISSED)
        record(actor=actor, verb=Verb.PROPOSAL_DISMISSED, subject=row, now=now, changes={"count": ["", row.count]})
    return row


def post_unanswered(now: datetime | None = None) -> int:
    """The dead-man rule: post neutrally what nobody answered in the minutes that its source allows; returns how many
    incidents were opened.

    No word of the monitor is published. The first proposal that is due takes the others of its source along: the page
    is unattended, and a storm is one incident. What an open incident holds by now is attached to it instead.
    """
    now = now or timezone.now()
    waiting = Proposal.objects.filter(
        state=ProposalState.OPEN, source__is_enabled=True, source__dead_man_minutes__isnull=False
    ).select_related("source")
    sources = {row.source_id for row in waiting if row.source_id and _is_due(row, now)}
    return sum(_post_for(source_id, now) for source_id in sorted(sources))


def first_words() -> str:
    """What is said where a monitor gave no text."""
    return _("We are investigating a problem that our monitoring reports.")


def _post_for(source_id: int, now: datetime) -> int:
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        source = InboundSource.objects.select_related("dead_man_template").get(pk=source_id)
        rows = Proposal.objects.select_for_update().filter(source=source, state=ProposalState.OPEN).order_by("pk")
        left = [row for row in rows if not _is_attached(row, source)]
        if not any(_is_due(row, now, source) for row in left):
            return 0
        _post(page, source, left, now)
    return 1


def _is_due(row: Proposal, now: datetime, source: InboundSource | None = None) -> bool:
    source = source or row.source
    minutes = source.dead_man_minutes if source and source.is_enabled else None
    return minutes is not None and row.first_seen_at <= now - timedelta(minutes=minutes)


def _is_attached(row: Proposal, source: InboundSource) -> bool:
    """Attach a proposal to the open incident that holds one of its components or, where it names none, to the one that
    was posted for the same source."""
    found = suggesting.incident_holding(entry["component_id"] for entry in row.components)
    if found is None and not row.components:
        posted = Proposal.objects.filter(source=source, state=ProposalState.POSTED).select_related("incident")
        found = next((each.incident for each in posted[:20] if each.incident and each.incident.is_open), None)
    if found:
        suggesting.answer(row, ProposalState.ATTACHED, found)
    return found is not None


def _post(page: PublicPage, source: InboundSource, rows: Sequence[Proposal], now: datetime) -> None:
    changes = _neutral_changes(rows, now)
    known = Component.objects.select_related("group").in_bulk([change.component_id for change in changes])
    title, body = _neutral_words(source, [row.full_name for row in known.values()])
    incident.open_within(
        SYSTEM, page, now, title=title, body=body, components=changes,
        started_at=min(_began(row, now) for row in rows), proposals=rows,
        answer=ProposalState.POSTED,
    )  # fmt: skip


def _neutral_changes(rows: Sequence[Proposal], now: datetime) -> list[ComponentChange]:
    """The components that are still on the page, each once in all its proposed regions; at the level of a rule that an
    administrator set, or degraded where only the monitor named it."""
    entries = [(entry, _began(row, now)) for row in rows for entry in row.components]
    living = set(
        Component.objects.filter(
            pk__in=[entry["component_id"] for entry, _at in entries], archived_at__isnull=True, is_group=False
        ).values_list("pk", flat=True)
    )
    merged: dict[int, list[tuple[dict[str, Any], datetime]]] = {}
    for entry, at in entries:
        if entry["component_id"] in living:
            merged.setdefault(entry["component_id"], []).append((entry, at))
    return [_neutral_change(pk, found) for pk, found in merged.items()]


def _began(row: Proposal, now: datetime) -> datetime:
    """When it began, as far back as a monitor is believed without a person."""
    return min(max(row.started_at or row.first_seen_at, row.first_seen_at - holding.EARLIEST), now)


def _neutral_change(component_id: int, found: Sequence[tuple[dict[str, Any], datetime]]) -> ComponentChange:
    regions = [set(entry.get("region_ids", ())) for entry, _at in found]
    everywhere = any(not each for each in regions)
    level = worst_of(
        Level(entry["level"]) if entry.get("is_by_rule") else Level.DEGRADED_PERFORMANCE for entry, _at in found
    )
    region_ids = () if everywhere else tuple(sorted(set().union(*regions)))
    return ComponentChange(component_id, level, min(at for _entry, at in found), region_ids)


def _neutral_words(source: InboundSource, names: Sequence[str]) -> tuple[str, str]:
    """Title and text from the template alone; Candor's own where it was deleted or has a gap that nothing can fill."""
    listed = ", ".join(names)
    template = source.dead_man_template
    if template is None or alerting.has_gaps(template):
        return _("We are looking into a problem"), first_words()
    body = template.body.replace("{components}", MARKDOWN.sub(r"\\\g<0>", listed))
    return template.title.replace("{components}", listed)[:255], body
