"""Audit entry and outbox event in one call: what an action did, for the log and for the world.

Every write comes through here within its transaction, so this is where it is asked whether its author may do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Model

from incidents import chain, outbox
from incidents.actions import authority, days, four_eyes, guards
from incidents.chain import log
from incidents.domain.actor import Actor
from incidents.domain.origin import origin
from incidents.domain.verbs import Reach, Verb
from incidents.models import AuditEntry, Draft, Incident, OutboxEvent, PublicPage

# Told by mail and nowhere on the page: its revision stays.
_UNSEEN = ("subscriber", "operatorreminder", "user")


def record(
    *,
    actor: Actor,
    verb: Verb,
    subject: Model,
    now: datetime,
    changes: dict[str, Any] | None = None,
    incident: Incident | None = None,
    reach: Reach = Reach.PRIVATE,
    facts: dict[str, Any] | None = None,
    audience: dict[str, Any] | None = None,
    sequence: int = 0,
    expires_at: datetime | None = None,
    held_until: datetime | None = None,
    before: dict[str, Any] | None = None,
    published: Sequence[Model] = (),
    draft: Draft | None = None,
) -> OutboxEvent | None:
    """Write the audit entry and, unless `reach` is PRIVATE, the outbox event. `changes` maps a field to [old, new].

    `held_until` (UTC) and `before`: until when subscribers wait for it, so that it can be taken back, and to what.
    `published`: every row whose public state this made or changed, as it is now; they become one entry of the chain.
    `draft`: what was offered, and is published by this. Raises Forbidden for an author who may not do it
    (`domain.permissions`), and Refused for one who may not do it alone (`four_eyes`).
    """
    authority.allow(actor, verb)
    where, page = origin(), guards.lock_page(now)
    four_eyes.refuse_alone(actor, verb, page, draft)
    log.append(
        page,
        AuditEntry(
            at=now,
            actor_kind=actor.kind,
            actor_label=actor.label,
            user_id=actor.user_id,
            ip=where.ip,
            request_id=where.request_id,
            verb=verb,
            subject_kind=subject._meta.model_name or "",
            subject_id=subject.pk,
            subject_label=str(subject)[:300],
            incident=incident,
            changes=changes or {},
        ),
    )
    if reach == Reach.PRIVATE:
        return None
    if subject._meta.model_name not in _UNSEEN:
        PublicPage.objects.filter(id=1).update(updated_at=now, revision=F("revision") + 1)
    if published:
        days.follow(published, changes or {})
        chain.append(at=now, verb=verb, published=published)
    return outbox.append(
        verb=verb,
        reach=reach,
        facts=facts or {},
        audience=audience or {},
        occurred_at=now,
        incident=incident,
        sequence=sequence,
        expires_at=expires_at,
        held_until=held_until,
        before=before,
    )
