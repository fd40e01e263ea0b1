"""Promises that begin and are kept by themselves, inside the transaction of the act that has them begin or kept.

Each function returns the public rows that it wrote, for the caller's `published=`; what is not public is in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import queries
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.due import due_at, terms_from
from incidents.domain.impact import Spell
from incidents.domain.promises import Anchor, Deliverable, PromiseSource, Unit
from incidents.domain.review import VersionKind
from incidents.domain.status import IMPACT_WEIGHT, Impact
from incidents.domain.verbs import Verb
from incidents.models import Incident, Promise, PromisePolicy, Review
from incidents.models.review_words import word_of
from incidents.reviewing.business_calendars import terms_of

log = logging.getLogger(__name__)


def start_promises(actor: Actor, incident: Incident, now: datetime) -> list[Promise]:
    """Begin what the policies promise of an incident as it stands after an update at `now` (UTC); its public rows.

    From the resolution: with each one, unless what was promised was kept already, so that an incident that was opened
    again before that gets a second promise and the first goes on beside it. From the start of the impact or the first
    public post: once, with the update by which the impact first is heavy enough.
    """
    if incident.is_maintenance or incident.withdrawn_at:
        return []
    policies = list(_policies(Anchor.RESOLVED, Anchor.IMPACT_STARTED, Anchor.ACKNOWLEDGED))
    if not policies:
        return []
    spells = queries.spells_of(incident)
    heavy = IMPACT_WEIGHT[queries.impact_of(incident, spells)]
    earlier = list(Promise.objects.filter(incident=incident, policy__isnull=False))
    begun: list[Promise] = []
    for policy in policies:
        mine = [row for row in earlier if row.policy_id == policy.pk]
        if heavy < IMPACT_WEIGHT[Impact(policy.minimum_impact)] or not _begins(policy, incident, mine):
            continue
        anchor_at = _anchor_at(policy, incident, spells, now)
        begun += _begin(actor, policy, anchor_at, now, incident=incident)
    return [row for row in begun if row.is_public]


def start_promises_of_publication(actor: Actor, review: Review, now: datetime) -> list[Promise]:
    """Begin what the policies promise from the publication of a review; once for each review. Its public rows."""
    policies = list(_policies(Anchor.PUBLISHED))
    if not policies:
        return []
    heavy = max(
        (IMPACT_WEIGHT[queries.impact_of(row, queries.spells_of(row))] for row in review.incidents.all()), default=0
    )
    known = set(Promise.objects.filter(review=review).values_list("policy_id", flat=True))
    about = review.incidents.order_by("pk").first()
    begun = [
        promise
        for policy in policies
        if policy.pk not in known and heavy >= IMPACT_WEIGHT[Impact(policy.minimum_impact)]
        for promise in _begin(actor, policy, now, now, review=review, incident=about)
    ]
    return [row for row in begun if row.is_public]


def fulfil_promises(incidents: Iterable[Incident], version_kind: str, path: str, now: datetime) -> list[Promise]:
    """Keep what was promised of these incidents by publishing a version of a review at `path`; its public rows.

    A final review keeps every promise of a review; a preliminary one that of a preliminary review, and a final one only
    where the policy says so. A correction or a retraction keeps nothing.
    """
    reviews = [Deliverable.PRELIMINARY_REVIEW, Deliverable.FINAL_REVIEW]
    if version_kind not in (VersionKind.PRELIMINARY, VersionKind.FINAL):
        return []
    waiting = Promise.objects.select_for_update().filter(
        incident__in=list(incidents), deliverable__in=reviews, fulfilled_at__isnull=True, waived_at__isnull=True
    )
    kept = [
        row
        for row in waiting.order_by("pk")
        if version_kind == VersionKind.FINAL
        or row.deliverable == Deliverable.PRELIMINARY_REVIEW
        or row.is_met_by_preliminary
    ]
    for row in kept:
        row.fulfilled_at, row.fulfilled_by = max(now, row.anchor_at), path
        row.version += 1
        row.save(update_fields=["fulfilled_at", "fulfilled_by", "version"])
    return [row for row in kept if row.is_public]


def _policies(*anchors: Anchor) -> Iterable[PromisePolicy]:
    rows = PromisePolicy.objects.filter(archived_at__isnull=True, anchor__in=anchors)
    return rows.select_related("calendar").order_by("pk")


def _begins(policy: PromisePolicy, incident: Incident, earlier: Sequence[Promise]) -> bool:
    if policy.anchor == Anchor.RESOLVED:
        return not incident.is_open and not any(row.fulfilled_at for row in earlier)
    return not earlier


def _anchor_at(policy: PromisePolicy, incident: Incident, spells: list[Spell], now: datetime) -> datetime:
    if policy.anchor == Anchor.IMPACT_STARTED:
        return min(queries.impact_started_at(incident, spells), now)
    first = incident.updates.order_by("sequence").first() if policy.anchor == Anchor.ACKNOWLEDGED else None
    return first.posted_at if first else now


def _begin(
    actor: Actor,
    policy: PromisePolicy,
    anchor_at: datetime,
    now: datetime,
    *,
    incident: Incident | None,
    review: Review | None = None,
) -> list[Promise]:
    terms = terms_of(policy, anchor_at)
    try:
        due = due_at(terms_from(terms), anchor_at)
    except (ValueError, KeyError):  # the zone may be gone from a newer database of zones
        # An incident must be resolved whatever the calendar says.
        log.exception("The policy %s makes no promise: its calendar cannot be counted by.", policy.name)
        return []
    about = review or (incident.reviews.order_by("-pk").first() if incident else None)
    owner = about.owner if about else None
    promise = Promise.objects.create(
        code=new_code(),
        deliverable=policy.deliverable,
        sentence=_sentence(policy),
        source=PromiseSource.POLICY,
        incident=incident,
        review=review,
        policy=policy,
        terms=terms,
        anchor_at=anchor_at,
        first_due_at=due,
        due_at=due,
        is_met_by_preliminary=policy.is_met_by_preliminary,
        is_public=policy.is_public,
        escalation_group=policy.escalation_group,
        owner=owner,
        owner_label=owner.get_username() if owner else "",
        made_at=now,
    )
    record(
        actor=actor, verb=Verb.PROMISE_MADE, subject=promise, now=now, incident=incident,
        changes={"sentence": ["", promise.sentence], "due_at": ["", due.isoformat()], "policy": ["", policy.name]},
    )  # fmt: skip
    return [promise]


def _sentence(policy: PromisePolicy) -> str:
    """What is promised, in one line: `Final review within 5 business days of the resolution`."""
    thing = policy.name if policy.deliverable == Deliverable.OTHER else word_of(Deliverable, policy.deliverable)
    many = policy.quantity
    lengths = {
        Unit.HOURS: ngettext("%(count)s hour", "%(count)s hours", many),
        Unit.CALENDAR_DAYS: ngettext("%(count)s calendar day", "%(count)s calendar days", many),
        Unit.BUSINESS_DAYS: ngettext("%(count)s business day", "%(count)s business days", many),
        Unit.WEEKS: ngettext("%(count)s week", "%(count)s weeks", many),
    }
    length = lengths[Unit(policy.unit)] % {"count": many}
    values = {"thing": thing, "length": length, "anchor": word_of(Anchor, policy.anchor)}
    return _("%(thing)s within %(length)s of %(anchor)s") % values
