"""Change what was published of an incident: text and time of an update, title and impact, a milestone.

What the public could read already changes only by a correction: a public entry with old and new and a reason.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, statements, texts, verdicts
from incidents.actions.corrections import Changes, correct, instant, name_of_update, path_of
from incidents.actions.figures import figures_around
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.status import Impact
from incidents.domain.verbs import Reach, Verb
from incidents.models import Incident, IncidentUpdate, MilestoneStatement, UpdateRevision
from incidents.reviewing.milestones import milestones


def amend_update(
    *,
    actor: Actor,
    update_id: int,
    body: str,
    reason: str,
    posted_at: datetime | None = None,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> IncidentUpdate:
    """Change the text or the public time (UTC; None: as it is) of a published update; the former stay readable.

    Nobody is notified again. Raises Refused without a reason or a change, for a withheld text, and for a time in the
    future or outside its neighbours; Conflict for a stale `seen_version` of the incident.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        update = IncidentUpdate.objects.filter(pk=update_id).first()
        if update is None:
            raise Refused(_("There is no such update."))
        incident = guards.lock_incident(update.incident_id, seen_version)
        at = update.posted_at if posted_at is None else posted_at
        text, html = _text(update, body)
        if text == update.body and at == update.posted_at:
            raise Refused(_("The text is the same as before, and so is the time."), "body")
        _refuse_time(incident, update, at, now)
        why = texts.line(reason, field="reason", limit=300)
        before = figures_around(incident, now)
        old_text, old_at = update.body, update.posted_at
        revision = UpdateRevision.objects.create(
            update=update, body=update.body, body_html=update.body_html, posted_at=update.posted_at, reason=why,
            replaced_at=now, actor_label=actor.label, withheld_at=update.withheld_at,
        )  # fmt: skip
        update.body, update.body_html, update.posted_at, update.amended_at = text, html, at, now
        update.save(update_fields=["body", "body_html", "posted_at", "amended_at"])
        guards.touch(incident, now)
        verb = Verb.UPDATE_MOVED if text == old_text else Verb.UPDATE_AMENDED
        correction = correct(
            actor=actor, verb=verb, subject=name_of_update(incident, update), path=path_of(incident, update),
            reason=why, changes={"text": (old_text, text), "time": (instant(old_at), instant(at))}, before=before,
            after=figures_around(incident, now), incident=incident, now=now,
        )  # fmt: skip
        changes = {"body": [old_text, text], "posted_at": [old_at.isoformat(), at.isoformat()]}
        record(
            actor=actor, verb=verb, subject=update, now=now, incident=incident, reach=Reach.PAGE,
            changes={name: pair for name, pair in changes.items() if pair[0] != pair[1]} | {"reason": ["", why]},
            published=[update, revision, correction],
        )  # fmt: skip
        if at != old_at:
            since = queries.impact_started_at(incident, queries.spells_of(incident))
            verdicts.reissue_since(actor=actor, since=since, reason=why, now=now)
    return update


def edit_incident(
    *,
    actor: Actor,
    incident_id: int,
    title: str,
    impact_override: str,
    advice: str,
    reason: str = "",
    seen_version: int | None = None,
    now: datetime | None = None,
) -> Incident:
    """Change title, hand-set impact ("" for derived) and advice. Another title or impact is a correction and needs a
    reason. Raises Refused, Conflict."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        incident = guards.lock_incident(incident_id, seen_version)
        before = {"title": incident.title, "impact_override": incident.impact_override, "advice": incident.advice}
        impact_before = _impact_words(incident)
        incident.title = texts.line(title, field="title", limit=255)
        incident.impact_override = _impact(impact_override)
        incident.advice, incident.advice_html = texts.body(advice, field="advice", is_required=False)
        changes = {
            name: [old, getattr(incident, name)] for name, old in before.items() if old != getattr(incident, name)
        }
        if changes:
            incident.save(update_fields=["title", "impact_override", "advice", "advice_html"])
            guards.touch(incident, now)
            corrections = []
            if changes.keys() & {"title", "impact_override"}:
                corrections = [
                    correct(
                        actor=actor, verb=Verb.INCIDENT_EDITED, subject=before["title"], path=path_of(incident),
                        reason=texts.line(reason, field="reason", limit=300),
                        changes={
                            "title": (before["title"], incident.title),
                            "impact": (impact_before, _impact_words(incident)),
                        },
                        before={}, after={}, incident=incident, now=now,
                    )
                ]  # fmt: skip
            record(
                actor=actor, verb=Verb.INCIDENT_EDITED, subject=incident, now=now, incident=incident, changes=changes,
                reach=Reach.PAGE, published=[incident, *corrections],
            )  # fmt: skip
    return incident


def state_milestone(
    *,
    actor: Actor,
    incident_id: int,
    milestone: str,
    at: datetime,
    reason: str,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> MilestoneStatement:
    """State or correct a milestone (UTC, not in the future), with a reason that is public.

    It is a correction where a time of it was public already. Raises Refused, Conflict.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        incident = guards.lock_incident(incident_id, seen_version)
        if milestone == "resolved" and incident.is_open:
            raise Refused(_("The incident is not resolved yet. Post the update that resolves it first."), "milestone")
        why = texts.line(reason, field="reason", limit=300)
        known, before = _known(incident, milestone), figures_around(incident, now)
        *withdrawn, statement = statements.state(actor, incident, milestone, at, why, now)
        guards.touch(incident, now)
        corrections = []
        if known is not None and known != at:
            changes: Changes = {milestone: (instant(known), instant(at))}
            corrections = [
                correct(
                    actor=actor, verb=Verb.MILESTONE_STATED, subject=incident.title, path=path_of(incident),
                    reason=why, changes=changes, before=before, after=figures_around(incident, now),
                    incident=incident, now=now,
                )
            ]  # fmt: skip
        record(
            actor=actor, verb=Verb.MILESTONE_STATED, subject=incident, now=now, incident=incident, reach=Reach.PAGE,
            changes={milestone: [known.isoformat() if known else "", at.isoformat()], "reason": ["", why]},
            published=[*withdrawn, statement, *corrections],
        )  # fmt: skip
    return statement


def _text(update: IncidentUpdate, body: str) -> tuple[str, str]:
    if update.withheld_at is None:
        return texts.body(body)
    if body.strip():
        raise Refused(_("The text of this update was withheld. Post another update instead."), "body")
    return "", ""


def _refuse_time(incident: Incident, update: IncidentUpdate, at: datetime, now: datetime) -> None:
    if at == update.posted_at:
        return
    if at > now:
        raise Refused(_("The time is in the future."), "posted_at")
    earlier = incident.updates.filter(sequence__lt=update.sequence).last()
    later = incident.updates.filter(sequence__gt=update.sequence).first()
    if earlier and at < earlier.posted_at:
        raise Refused(
            _("That is before the update before it (%(at)s).") % {"at": instant(earlier.posted_at)}, "posted_at"
        )
    if later and at > later.posted_at:
        raise Refused(
            _("That is after the update that follows it (%(at)s).") % {"at": instant(later.posted_at)}, "posted_at"
        )


def _known(incident: Incident, milestone: str) -> datetime | None:
    """The time of the milestone that is public now, stated or derived."""
    stated = incident.milestone_statements.all()
    found = milestones(queries.spells_of(incident), list(incident.updates.all()), stated)
    return next((row.at for row in found if row.name == milestone), None)


def _impact_words(incident: Incident) -> str:
    return str(queries.impact_of(incident, queries.spells_of(incident)).value)


def _impact(raw: str) -> str:
    try:
        return Impact(raw).value if raw else ""
    except ValueError:
        raise Refused(_("Choose an impact."), "impact_override") from None
