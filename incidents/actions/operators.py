"""The addresses of the operators, and the reminders that they are sent, each once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import facts as frozen
from incidents.actions import guards
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.subscriber import clean_address
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.verbs import Reach, Verb
from incidents.models import OperatorReminder, Subscriber
from incidents.reviewing.neglect import Neglect, neglected

REMINDER_EXPIRY = timedelta(hours=6)


def add_operator(*, actor: Actor, address: str, now: datetime | None = None) -> Subscriber:
    """Enter an address that gets the reminders of the operators, and nothing else; one that left comes back.

    It ends like any subscription (`unsubscribe`). Raises Refused for a wrong address and for one that gets them.
    """
    now = now or timezone.now()
    clean = clean_address(address)
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        known = Subscriber.objects.filter(channel="email", address_key=clean.casefold(), is_operator=True).first()
        if known and known.is_told and not known.is_personal:
            raise Refused(_("This address gets the reminders already."), "address")
        operator = known or Subscriber(
            address=clean, address_key=clean.casefold(), is_operator=True, has_all_components=False, created_at=now
        )
        operator.confirmed_at, operator.unsubscribed_at, operator.suspended_at = now, None, None
        operator.is_personal = False  # who was told of their own promises alone is told of everything now
        operator.save()
        record(actor=actor, verb=Verb.OPERATOR_ADDED, subject=operator, now=now)
    return operator


def remind_operators(now: datetime | None = None) -> int:
    """Mail the operators what newly waits for them; returns how many reminders. Nothing where there are no operators.

    Each thing and each step of it is said once, whatever is called twice or at the same time.
    """
    now = now or timezone.now()
    if not queries.told_operators().exists() or not _unsaid(now):
        return 0
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        due = _unsaid(now)  # again, now that nobody else can be saying it
        for each in due:
            _remind(each, now)
    return len(due)


def _unsaid(now: datetime) -> list[Neglect]:
    found = neglected(now)
    said = set(
        OperatorReminder.objects.filter(since__in={each.since for each in found}).values_list(
            "kind", "subject", "since", "step"
        )
    )
    return [each for each in found if (each.kind, each.subject, each.since, each.step) not in said]


def _remind(each: Neglect, now: datetime) -> None:
    reminder = OperatorReminder.objects.create(
        kind=each.kind, subject=each.subject, since=each.since, step=each.step, reminded_at=now
    )
    record(
        actor=SYSTEM, verb=Verb.OPERATORS_REMINDED, subject=reminder, now=now,
        reach=Reach.SUBSCRIBERS, audience={"operators": True}, expires_at=now + REMINDER_EXPIRY,
        facts={
            "page": frozen.of_page(queries.the_page()),
            "reminder": {
                "sentence": each.sentence,
                "act": each.act,
                "path": reverse(each.address, args=[each.argument]),
            },
        },
    )  # fmt: skip
