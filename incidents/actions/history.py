"""Take over incidents and maintenance of another page, with every update, as they were told there. Nobody is notified.

Twice is as good as once: what was taken is known by its source and its id there. Each incident is one transaction and
one entry of the public record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, provenance, texts, verdicts
from incidents.actions.provenance import Outcome, Result
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.history import PastIncident, PastUpdate, spells_of
from incidents.domain.impact import incident_impact
from incidents.domain.markup import MAX_BODY_CHARACTERS, render_html
from incidents.domain.markup_import import has_markup, markdown_of
from incidents.domain.status import Kind, Stage
from incidents.domain.text import clean_line
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, MaintenanceScope

TITLE_LENGTH, NOTE_LENGTH = 255, 200
Timed = list[tuple[PastUpdate, datetime]]


def incident_result(source: str, past: PastIncident) -> Result:
    """What `import_incident` would do, by reading alone."""
    known = provenance.taken(source, "incident", [past.external_id]).get(past.external_id)
    if known is None and provenance.is_here(past.code):
        sentence = _("“%(title)s” stands here already under its id, from somewhere else.")
        return Result(Outcome.SKIPPED, warnings=(sentence % {"title": past.title},))
    if known is None:
        spells = spells_of([(row, row.posted_at) for row in past.updates if row.posted_at])
        return Result(Outcome.NEW, len(past.updates), len(spells), _losses(past))
    incident = Incident.objects.get(pk=known.subject_id)
    fresh, late = _fresh(source, past, incident)
    if fresh and not _is_as_taken(incident):
        sentence = _("“%(title)s” was continued here; what was posted there since is not taken over.")
        return Result(Outcome.SKIPPED, warnings=(sentence % {"title": incident.title},))
    if fresh:
        return Result(Outcome.ADDED, len(fresh))
    if known.digest == past.digest:
        return Result(Outcome.UNCHANGED)
    sentence = _("“%(title)s” reads differently there since it was taken over; here it stays as it is.")
    if late:
        sentence = _("“%(title)s” has updates there that lie before the newest one here; they are not taken over.")
    return Result(Outcome.CHANGED, warnings=(sentence % {"title": incident.title},))


def import_incident(*, actor: Actor, source: str, past: PastIncident, now: datetime | None = None) -> Result:
    """Take an incident or a maintenance over, or the updates that it got since. Its components must be here already."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        result = incident_result(source, past)
        if result.outcome not in (Outcome.NEW, Outcome.ADDED):
            return result
        components = _components(source, past)
        if result.outcome == Outcome.NEW:
            incident, warnings = _made(past, components, now)
            posted = past.updates
        else:
            row = provenance.taken(source, "incident", [past.external_id])[past.external_id]
            incident, warnings = Incident.objects.select_for_update().get(pk=row.subject_id), []
            posted = tuple(_fresh(source, past, incident)[0])
            guards.touch(incident, now)
        updates = _posted(actor, source, incident, posted, components, now)
        moved = _levels(source, incident, past, components, now)
        _settle(incident, past, components, now)
        provenance.keep(source, "incident", past.external_id, incident, past.digest, now)
        record(
            actor=actor, verb=Verb.INCIDENT_IMPORTED, subject=incident, now=now, incident=incident, reach=Reach.PAGE,
            changes={"source": ["", source], "updates": ["", len(updates)]}, published=[incident, *updates, *moved],
        )  # fmt: skip
        since = min((row.started_at for row in moved), default=None)
        late = _("Recorded after the verdict: %(title)s") % {"title": incident.title[:200]}
        verdicts.reissue_since(actor=actor, since=since, reason=late, now=now)
    return Result(result.outcome, len(updates), len(moved), (*result.warnings, *warnings))


def _made(past: PastIncident, components: dict[str, Component], now: datetime) -> tuple[Incident, list[str]]:
    is_planned = past.kind == Kind.MAINTENANCE
    first = past.updates[0].posted_at or now
    begin, end = past.scheduled_for or first, past.scheduled_until or first
    incident = Incident.objects.create(
        code=provenance.free_code(Incident, past.code),
        kind=past.kind,
        title=clean_line(past.title)[:TITLE_LENGTH] or past.code,
        stage=past.stage,
        scheduled_for=begin if is_planned else None,
        scheduled_until=max(end, begin + timedelta(minutes=1)) if is_planned else None,
        # Whether it began by itself there is not on record; two schedules must not work on one maintenance.
        is_auto_starting=not is_planned,
        is_auto_finishing=not is_planned,
        created_at=past.created_at or first,
        updated_at=past.updated_at or past.updates[-1].posted_at or now,
    )
    for code in past.component_codes if is_planned else ():
        if code in components:
            MaintenanceScope.objects.create(incident=incident, component=components[code])
    if provenance.keep_address(past.path, incident, now):
        return incident, []
    return incident, [_("%(path)s is in use here: it does not lead to what stood there.") % {"path": past.path}]


def _posted(
    actor: Actor,
    source: str,
    incident: Incident,
    told: Sequence[PastUpdate],
    components: dict[str, Component],
    now: datetime,
) -> list[IncidentUpdate]:
    """The updates, written after those that are here."""
    last = incident.updates.aggregate(sequence=Max("sequence"))["sequence"] or 0
    codes = provenance.free_codes(IncidentUpdate, [past.code for past in told])
    rows = []
    for sequence, (past, code) in enumerate(zip(told, codes, strict=True), start=last + 1):
        at = min(past.posted_at or now, now)
        text, html = _text(past.body)
        rows.append(
            IncidentUpdate(
                code=code,
                incident=incident,
                sequence=sequence,
                stage=past.stage,
                body=text,
                body_html=html,
                posted_at=at,
                is_notifying=past.is_notifying,
                time_note=past.note[:NOTE_LENGTH],
                component_changes=_told(past, components, at),
                author_label=actor.label,
                wire=dict(past.wire),
                created_at=at,
            )
        )
    IncidentUpdate.objects.bulk_create(rows)
    provenance.keep_new(source, "update", [(past.external_id, row) for past, row in zip(told, rows, strict=True)], now)
    return rows


def _told(past: PastUpdate, components: dict[str, Component], at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "code": components[change.code].code,
            "slug": components[change.code].slug,
            "name": clean_line(change.name),
            "region": "",
            "old_level": change.old_level.value,
            "new_level": change.new_level.value,
            "since": at.isoformat(),
        }
        for change in past.changes
        if change.code in components
    ]


def _levels(
    source: str, incident: Incident, past: PastIncident, components: dict[str, Component], now: datetime
) -> list[ImpactInterval]:
    """The intervals of the incident made to be what its updates say; returns those that moved."""
    known = {
        (row.component_id, row.level, row.started_at): row
        for row in ImpactInterval.objects.filter(incident=incident, source="import")
    }
    new, ended = [], []
    for spell in spells_of(_timed(source, past)):
        if spell.code not in components:
            continue
        row = known.get((components[spell.code].pk, spell.level, spell.start))
        if row is None:
            note = _("The source says that it was so already.") if spell.is_begun_before else ""
            row = ImpactInterval(
                incident=incident, component=components[spell.code], level=spell.level, started_at=spell.start,
                ended_at=spell.end, source="import", recorded_at=now, note=note,
            )  # fmt: skip
            new.append(row)
        elif row.ended_at is None and row.superseded_at is None and spell.end:
            row.ended_at = spell.end
            row.save(update_fields=["ended_at"])
            ended.append(row)
    ImpactInterval.objects.bulk_create(new)
    return [*ended, *new]


def _settle(incident: Incident, past: PastIncident, components: dict[str, Component], now: datetime) -> None:
    """What follows from the updates and the ledger together: stage, impact, and until when the dialect's own values
    hold."""
    derived = incident_impact(queries.spells_of(incident))
    incident.stage = past.stage
    is_stated = past.kind == Kind.INCIDENT and past.impact and past.impact != derived
    incident.impact_override = past.impact if is_stated else ""
    incident.updated_at = past.updated_at or past.updates[-1].posted_at or now
    attached = [components[code].code for code in past.component_codes if code in components]
    incident.wire = {**past.wire, "components": attached, "until": incident.version}
    incident.save(update_fields=["stage", "impact_override", "updated_at", "wire"])


def _timed(source: str, past: PastIncident) -> Timed:
    rows = provenance.taken(source, "update", [row.external_id for row in past.updates])
    at = IncidentUpdate.objects.in_bulk([row.subject_id for row in rows.values()])
    return [(row, at[rows[row.external_id].subject_id].posted_at) for row in past.updates if row.external_id in rows]


def _fresh(source: str, past: PastIncident, incident: Incident) -> tuple[list[PastUpdate], list[PastUpdate]]:
    """The updates that are not here yet: those after the newest one here, and those before it."""
    known = provenance.taken(source, "update", [row.external_id for row in past.updates])
    newest = incident.updates.aggregate(at=Max("posted_at"))["at"]
    unknown = [row for row in past.updates if row.external_id not in known]
    fresh = [
        row for row in unknown if row.posted_at is None or row.posted_at >= newest or row.stage == Stage.POSTMORTEM
    ]
    return fresh, [row for row in unknown if row not in fresh]


def _is_as_taken(incident: Incident) -> bool:
    """Whether nobody wrote to it here since it was taken over."""
    return incident.withdrawn_at is None and incident.version == incident.wire.get("until", incident.version)


def _components(source: str, past: PastIncident) -> dict[str, Component]:
    """The components that it names, by their ids there; groups, which follow from their parts, are left out."""
    codes = {*past.component_codes, *(change.code for row in past.updates for change in row.changes)}
    rows = provenance.taken(source, "component", codes)
    found = Component.objects.filter(is_group=False).in_bulk([row.subject_id for row in rows.values()])
    return {code: found[row.subject_id] for code, row in rows.items() if row.subject_id in found}


def _text(raw: str) -> tuple[str, str]:
    """The text as it was typed there, and its HTML: people typed HTML into those pages, so that it is read as such."""
    text, html = texts.body(raw.replace("\r\n", "\n")[:MAX_BODY_CHARACTERS], is_required=False)
    return (text, render_html(markdown_of(text)[:MAX_BODY_CHARACTERS])) if has_markup(text) else (text, html)


def _losses(past: PastIncident) -> tuple[str, ...]:
    """Sentences on what is cut."""
    long = [row for row in past.updates if len(row.body) > MAX_BODY_CHARACTERS]
    sentence = _("“%(title)s”: a text or the title was too long and was cut.") % {"title": past.title[:80]}
    return (sentence,) if long or len(past.title) > TITLE_LENGTH else ()
