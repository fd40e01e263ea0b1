"""Subscribers that somebody else enters: vouched for, or asked to confirm; and what is sent to them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.subscriber import REPEAT_PAUSE, ask_to_confirm, chosen_components, clean_address
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.models import Subscriber


def enter_subscriber(
    *,
    actor: Actor,
    address: str,
    component_ids: Sequence[int] = (),
    is_confirmed: bool = False,
    key: str = "",
    now: datetime | None = None,
) -> Subscriber:
    """Enter an e-mail address; no components mean all. `is_confirmed`: its owner agreed elsewhere, and the actor
    vouches for that; otherwise the owner is mailed, and nothing else is sent before the answer.

    A repeat under the same `key` returns what was made first. Raises Refused: no address, one that is told already, one
    that left by itself (it must ask again), one that was asked a moment ago; Conflict.
    """
    now = now or timezone.now()
    clean = clean_address(address)
    content = guards.fingerprint(
        actor=actor.label, address=clean, components=list(component_ids), is_confirmed=is_confirmed
    )
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return Subscriber.objects.get(pk=earlier)
        chosen = chosen_components(component_ids)
        known = Subscriber.objects.filter(channel="email", address_key=clean.casefold(), is_operator=False).first()
        if known and is_confirmed:
            raise Refused(_("This address is known already."), "email")
        if known and known.is_told:
            raise Refused(_("This address is subscribed already."), "email")
        if is_confirmed:
            subscriber = Subscriber.objects.create(
                address=clean, address_key=clean.casefold(), confirmed_at=now, created_at=now,
                has_all_components=not chosen,
            )  # fmt: skip
            subscriber.components.set(chosen)
            record(actor=actor, verb=Verb.SUBSCRIBER_CONFIRMED, subject=subscriber, now=now)
        else:
            _refuse_haste(known, now)
            subscriber = ask_to_confirm(clean, chosen, True, now, actor=actor)
        guards.keep_result(key, content, subscriber.pk, now)
    return subscriber


def resend_confirmation(*, actor: Actor, subscriber_id: int, now: datetime | None = None) -> Subscriber:
    """Mail the question once more; the link of the former mail is void. Raises Refused for somebody who is told or has
    left, and within ten minutes of the last one."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        subscriber = _locked(subscriber_id)
        if subscriber.confirmed_at or subscriber.unsubscribed_at:
            raise Refused(_("%(address)s does not wait for a confirmation.") % {"address": subscriber.address})
        _refuse_haste(subscriber, now)
        chosen = list(subscriber.components.all())
        return ask_to_confirm(subscriber.address, chosen, subscriber.has_reviews, now, actor=actor)


def reactivate_subscriber(*, actor: Actor, subscriber_id: int, now: datetime | None = None) -> Subscriber:
    """Let an address that was suspended be told again. Twice is as good as once. Raises Refused for one that left: only
    its owner can come back."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = _locked(subscriber_id)
        if subscriber.unsubscribed_at:
            raise Refused(_("%(address)s left by itself, and must ask again.") % {"address": subscriber.address})
        if subscriber.suspended_at:
            subscriber.suspended_at, subscriber.suspended_reason = None, ""
            subscriber.save(update_fields=["suspended_at", "suspended_reason"])
            record(actor=actor, verb=Verb.SUBSCRIBER_REACTIVATED, subject=subscriber, now=now)
    return subscriber


def _locked(subscriber_id: int) -> Subscriber:
    subscriber = Subscriber.objects.select_for_update().filter(pk=subscriber_id, is_operator=False).first()
    if subscriber is None:
        raise Refused(_("There is no such subscription."))
    return subscriber


def _refuse_haste(subscriber: Subscriber | None, now: datetime) -> None:
    if subscriber and subscriber.confirmed_at is None and now - subscriber.created_at < REPEAT_PAUSE:
        raise Refused(_("This address was asked less than ten minutes ago. Give its owner time to answer."), "email")
