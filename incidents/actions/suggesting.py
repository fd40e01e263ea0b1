"""Proposals, within the transaction of whoever makes, repeats, ends or answers them.

One trouble is one proposal, however often and from however many processes it is reported: `origin` and `fingerprint`
name it. An alert that fires again within minutes of its end, or while its incident is open, is the same trouble.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.inbound import ProposalState
from incidents.domain.status import Level
from incidents.domain.text import clean_body, clean_line
from incidents.domain.verbs import Verb
from incidents.models import ImpactInterval, InboundSource, Incident, Proposal
from incidents.models.words import number

FLAP_WINDOW = timedelta(minutes=10)
# A monitor that never says that it is over must not be silenced for ever by one answer.
FORGOTTEN_AFTER = timedelta(hours=24)
MOST_OPEN = 200
MOST_IN_AN_HOUR = 1_000  # of one source; what ends at once waits for nobody, and would fill the tables all the same
LONGEST_BODY = 5_000
ANSWERABLE = (ProposalState.OPEN, ProposalState.OVER)


def key_of(fingerprint: str) -> str:
    """A fingerprint as it is stored: cleaned, hashed where it is longer than the column. Raises Refused if empty."""
    key = clean_line(fingerprint)
    if not key:
        raise Refused(_("The alert has no fingerprint."), "fingerprint")
    return key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()


def current(origin: str, key: str, now: datetime) -> Proposal | None:
    """The proposal that an alert which fires now belongs to, or None if it is news."""
    row = Proposal.objects.filter(origin=origin, fingerprint=key).select_related("incident").order_by("-pk").first()
    if row is None or row.state == ProposalState.OPEN:
        return row
    if row.incident and row.incident.is_open:
        return row
    if row.incident and not row.incident.withdrawn_at and now - row.incident.updated_at > FLAP_WINDOW:
        return None  # it was called over, and still fires: that is news
    if row.ceased_at and now - row.ceased_at > FLAP_WINDOW:
        return None
    return None if now - row.last_seen_at > FORGOTTEN_AFTER else row


def repeat(origin: str, key: str, times: int, now: datetime) -> Proposal | None:
    """Count an alert that fires on, by one short UPDATE and without the lock on the page: a flood holds up nobody.

    None if there is more to do than to count; `suggest` then does it under the lock.
    """
    row = current(origin, key, now)
    if row is None or row.ceased_at:
        return None
    still = Proposal.objects.filter(pk=row.pk, state=row.state, ceased_at__isnull=True)
    return row if still.update(count=F("count") + times, last_seen_at=now) else None


def suggest(
    actor: Actor,
    *,
    origin: str,
    fingerprint: str,
    title: str,
    body: str,
    components: Sequence[dict[str, Any]],
    started_at: datetime | None,
    source: InboundSource | None,
    now: datetime,
    times: int = 1,
) -> Proposal:
    """Propose an incident, or count what is proposed already. Where an open incident holds one of the components, it is
    attached there. Raises Refused when too many wait."""
    key = key_of(fingerprint)
    row = current(origin, key, now)
    if row:
        return _fires_again(row, times, now)
    _refuse_flood(origin, now)
    incident = incident_holding(entry["component_id"] for entry in components)
    row = Proposal.objects.create(
        origin=origin, fingerprint=key, title=clean_line(title)[:255] or _("An alert without a title"),
        body=clean_body(body)[:LONGEST_BODY], components=list(components),
        started_at=min(started_at, now) if started_at else now, count=times, first_seen_at=now, last_seen_at=now,
        state=ProposalState.ATTACHED if incident else ProposalState.OPEN, incident=incident, source=source,
    )  # fmt: skip
    record(actor=actor, verb=Verb.PROPOSAL_MADE, subject=row, now=now, incident=incident, changes={"count": [0, times]})
    return row


def _refuse_flood(origin: str, now: datetime) -> None:
    mine = Proposal.objects.filter(origin=origin)
    if mine.filter(state=ProposalState.OPEN).count() >= MOST_OPEN:
        raise Refused(
            ngettext(
                "%(count)s proposal of this source waits for an answer. No more are taken until it is answered.",
                "%(count)s proposals of this source wait for an answer. No more are taken until some are answered.",
                MOST_OPEN,
            )
            % {"count": MOST_OPEN}
        )
    if mine.filter(first_seen_at__gt=now - timedelta(hours=1)).count() >= MOST_IN_AN_HOUR:
        raise Refused(
            ngettext(
                "%(count)s proposal of this source is of the last hour. No more are taken for a while.",
                "%(count)s proposals of this source are of the last hour. No more are taken for a while.",
                MOST_IN_AN_HOUR,
            )
            % {"count": number(MOST_IN_AN_HOUR)}
        )


def suggest_end(
    actor: Actor, *, origin: str, key: str, ended_at: datetime | None, now: datetime
) -> Proposal | None:  # fmt: skip
    """Propose the end of a trouble; None if there is nothing that goes on. A proposal that nobody answered is over."""
    going_on = Proposal.objects.select_for_update().filter(origin=origin, fingerprint=key, ceased_at__isnull=True)
    rows = [_end(actor, row, ended_at, now) for row in going_on.order_by("pk")]
    return rows[-1] if rows else None


def lock_answerable(proposal_id: int, seen_version: int | None = None) -> Proposal:
    """A proposal that can still be answered, locked. Raises Refused if there is none, Conflict if somebody answered it
    or it changed since it was read."""
    row = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None:
        raise Refused(_("There is no such proposal."))
    if row.state not in ANSWERABLE:
        raise Conflict(_("This proposal was answered already. Look at the list of proposals for what became of it."))
    if seen_version is not None and seen_version != row.version:
        raise Conflict(_("This proposal changed while you were reading it. Look at it again, then answer."))
    return row


def answer(proposal: Proposal, state: ProposalState, incident: Incident | None = None) -> None:
    """Write what became of a locked proposal."""
    proposal.state, proposal.incident = state, incident
    proposal.version += 1
    proposal.save(update_fields=["state", "incident", "version"])


def attach_covered(incident: Incident, changes: Iterable[ComponentChange]) -> None:
    """Attach to an incident that was just opened what else waits and names one of its components: of a storm of alerts
    one is answered, not fifty. Under the lock on the page."""
    held = {change.component_id for change in changes if change.level != Level.OPERATIONAL}
    waiting = Proposal.objects.select_for_update().filter(state=ProposalState.OPEN) if held else ()
    for row in waiting:
        if held & {entry["component_id"] for entry in row.components}:
            answer(row, ProposalState.ATTACHED, incident)


def incident_holding(component_ids: Iterable[int]) -> Incident | None:
    """The newest open incident or maintenance that holds one of these components now."""
    row = (
        ImpactInterval.objects.filter(
            component__in=list(component_ids), incident__isnull=False, ended_at__isnull=True,
            superseded_at__isnull=True,
        )
        .select_related("incident")
        .order_by("-incident")
        .first()
    )  # fmt: skip
    return row.incident if row else None


def changes_of(entries: Iterable[dict[str, Any]], since: datetime | None) -> list[ComponentChange]:
    """What a proposal says of components, as an update says it."""
    return [
        ComponentChange(entry["component_id"], Level(entry["level"]), since, tuple(entry.get("region_ids", ())))
        for entry in entries
    ]


def _end(actor: Actor, row: Proposal, ended_at: datetime | None, now: datetime) -> Proposal:
    end = min(ended_at, now) if ended_at else now
    row.ended_at = max(end, row.started_at) if row.started_at else end
    row.ceased_at = row.last_seen_at = now
    row.version += 1
    if row.state == ProposalState.OPEN:
        row.state = ProposalState.OVER
    row.save(update_fields=["ended_at", "ceased_at", "last_seen_at", "version", "state"])
    if row.flaps == 0:  # what flaps would fill the log
        record(
            actor=actor, verb=Verb.PROPOSAL_ENDED, subject=row, now=now, incident=row.incident,
            changes={"ended_at": ["", row.ended_at.isoformat()]},
        )  # fmt: skip
    return row


def _fires_again(row: Proposal, times: int, now: datetime) -> Proposal:
    row = Proposal.objects.select_for_update().get(pk=row.pk)
    row.count += times
    row.last_seen_at = now
    if row.ceased_at:
        row.ceased_at = row.ended_at = None
        row.flaps += 1
        row.version += 1
        if row.state == ProposalState.OVER:
            row.state = ProposalState.OPEN
    row.save(update_fields=["count", "last_seen_at", "ceased_at", "ended_at", "flaps", "version", "state"])
    return row
