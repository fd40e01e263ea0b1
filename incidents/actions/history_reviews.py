"""Take over a postmortem of another page as a review: its text as it was published, and nothing made up around it.

It is published as a preliminary that went through no checks here, and says so: whoever wants it to be more writes the
next version. The update of the incident that carried it stays as well.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, provenance, slugs
from incidents.actions.codes import new_code
from incidents.actions.provenance import Outcome, Result
from incidents.actions.record import record
from incidents.actions.review_versions import Render, plan_of, write_version
from incidents.domain.actor import Actor
from incidents.domain.history import PastIncident, PastUpdate
from incidents.domain.review import ReviewState, VersionKind
from incidents.domain.status import Stage
from incidents.domain.verbs import Reach, Verb
from incidents.models import Incident, IncidentUpdate, Review

SECTION = "summary"


def postmortem_of(past: PastIncident) -> PastUpdate | None:
    """The update that carries the postmortem; None where there is none with a text. Maintenance has no review."""
    told = [row for row in past.updates if row.stage == Stage.POSTMORTEM and row.body.strip()]
    return told[-1] if told and not past.scheduled_for else None


def review_result(source: str, told: PastUpdate) -> Result:
    """What `import_review` would do."""
    is_known = bool(provenance.taken(source, "review", [told.external_id]))
    return Result(Outcome.UNCHANGED if is_known else Outcome.NEW)


def import_review(
    *, actor: Actor, source: str, past: PastIncident, told: PastUpdate, render: Render, now: datetime | None = None
) -> Result:
    """Publish the postmortem of an incident that is here already, once, under the time that it had. Nobody is notified
    and nothing is promised. `render` makes the page of the version. SKIPPED where the incident is not from there."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        result = review_result(source, told)
        incident = _incident(source, past)
        update = _update(source, told)
        if result.outcome != Outcome.NEW:
            return result
        if incident is None or update is None or incident.withdrawn_at or update.withheld_at:
            return Result(Outcome.SKIPPED)
        review = _made(actor, incident, update)
        at = update.posted_at
        reason = _(
            "Taken over from the former page as it was published there on %(day)s; not checked or approved here."
        )
        plan = plan_of(review, VersionKind.PRELIMINARY, reason % {"day": f"{at:%Y-%m-%d}"})
        version = write_version(actor, review, plan, render, is_break_glass=True, now=at)
        provenance.keep(source, "review", told.external_id, review, "", now)
        record(
            actor=actor, verb=Verb.REVIEW_IMPORTED, subject=review, now=now, incident=incident, reach=Reach.PAGE,
            changes={"source": ["", source], "version": ["", str(version.number)]}, published=[version],
        )  # fmt: skip
    return result


def _made(actor: Actor, incident: Incident, update: IncidentUpdate) -> Review:
    at = update.posted_at
    review = Review.objects.create(
        code=new_code(),
        slug=slugs.free_review_slug(f"{incident.created_at:%Y-%m-%d} {incident.title}"),
        title=incident.title,
        state=ReviewState.PUBLISHED,
        owner_label=actor.label,
        created_at=at,
        updated_at=at,
    )
    review.incidents.set([incident])
    review.sections.create(key=SECTION, body=update.body, saved_by_label=actor.label, saved_at=at)
    return review


def _incident(source: str, past: PastIncident) -> Incident | None:
    row = provenance.taken(source, "incident", [past.external_id]).get(past.external_id)
    return Incident.objects.filter(pk=row.subject_id).first() if row else None


def _update(source: str, told: PastUpdate) -> IncidentUpdate | None:
    row = provenance.taken(source, "update", [told.external_id]).get(told.external_id)
    return IncidentUpdate.objects.filter(pk=row.subject_id).first() if row else None
