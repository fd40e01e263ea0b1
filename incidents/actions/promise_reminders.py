"""Reminders of promises and remediations that fall due: to the owner while there is time, then to those above.

Each step of each promise is said once. A promise that nobody owns, or whose owner cannot be told, goes to the
operators; one that was put off is counted anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
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
from incidents.domain.actor import SYSTEM
from incidents.domain.due import soon_at
from incidents.domain.promises import Deliverable
from incidents.domain.verbs import Reach, Verb
from incidents.models import OperatorReminder, Subscriber
from incidents.reviewing.promises import PromiseValue, running_promises

KIND = "promise_due"
REMINDER_EXPIRY = timedelta(hours=24)
STEPS = (50, 80, 100)
REMEDIATION_STEPS = (80, 100)


@dataclass(frozen=True)
class Reminder:
    """A promise and the share of its time, in percent, that has passed."""

    promise: PromiseValue
    step: int


def remind_owners(now: datetime | None = None) -> int:
    """Mail the owners what falls due, and once it is due the escalation group and the operators too; returns of how
    many promises. Whatever is called twice or at the same time, each is said once."""
    now = now or timezone.now()
    if not _unsaid(now):
        return 0
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        due = _unsaid(now)  # again, now that nobody else can be saying it
        for each in due:
            _remind(each, now)
    return len(due)


def _unsaid(now: datetime) -> list[Reminder]:
    reached = [Reminder(row, step) for row in running_promises() if (step := _step(row, now))]
    said = set(
        OperatorReminder.objects.filter(kind=KIND, subject__in=[each.promise.key for each in reached]).values_list(
            "subject", "since", "step"
        )
    )
    # A step that was missed while nothing ran is not made up for: the newest says more.
    return [each for each in reached if (each.promise.key, each.promise.due_at, each.step) not in said]


def _step(promise: PromiseValue, now: datetime) -> int:
    """The last step that has passed at `now`; 0 for none."""
    steps = REMEDIATION_STEPS if promise.deliverable == Deliverable.REMEDIATION else STEPS
    passed = [step for step in steps if soon_at(promise.anchor_at, promise.due_at, step / 100) <= now]
    return passed[-1] if passed else 0


def _remind(each: Reminder, now: datetime) -> None:
    promise = each.promise
    reminder = OperatorReminder.objects.create(
        kind=KIND, subject=promise.key, since=promise.due_at, step=each.step, reminded_at=now
    )
    people = _people(each)
    told = [row for user in people if (row := subscriber_of(user, now))]
    # Remediations are their owner's: those above follow them on their page.
    is_due = each.step == 100 and promise.deliverable != Deliverable.REMEDIATION
    is_for_operators = (is_due or not told) and queries.told_operators().exists()
    for subscriber in told:
        if is_for_operators and not subscriber.is_personal:
            continue  # gets it as one of the operators
        _say(each, reminder, Verb.PERSON_REMINDED, {"subscriber_id": subscriber.pk}, now)
    if is_for_operators:
        _say(each, reminder, Verb.OPERATORS_REMINDED, {"operators": True}, now)


def _people(each: Reminder) -> list[User]:
    """The owner, and once it is due the members of the escalation group; those who can sign in, each once."""
    known = User.objects.filter(is_active=True)
    people = list(known.filter(pk=each.promise.owner_id)) if each.promise.owner_id else []
    if each.step == 100 and each.promise.escalation_group:
        people += known.filter(groups__name=each.promise.escalation_group).order_by("pk")
    return list({user.pk: user for user in people}.values())


def subscriber_of(user: User, now: datetime) -> Subscriber | None:
    """Where a person is told: made at first need. None without a usable address, or if the person wants no mails."""
    try:
        address = clean_address(user.email)
    except Refused:
        return None
    row, _is_new = Subscriber.objects.get_or_create(
        channel="email",
        address_key=address.casefold(),
        is_operator=True,
        defaults={
            "address": address, "is_personal": True, "has_all_components": False, "has_reviews": False,
            "confirmed_at": now, "created_at": now,
        },
    )  # fmt: skip
    return row if row.is_told else None


def _say(
    each: Reminder, reminder: OperatorReminder, verb: Verb, audience: dict[str, object], now: datetime
) -> None:  # fmt: skip
    record(
        actor=SYSTEM, verb=verb, subject=reminder, now=now, reach=Reach.SUBSCRIBERS, audience=audience,
        expires_at=now + REMINDER_EXPIRY, incident=None,
        facts={
            "page": frozen.of_page(queries.the_page()),
            "reminder": {
                "sentence": _sentence(each), "act": _("See the promises"), "path": reverse("console:promises"),
            },
        },
    )  # fmt: skip


def _sentence(each: Reminder) -> str:
    promise = each.promise
    about = promise.sentence
    if promise.incident:
        about = _("%(promise)s (“%(title)s”)") % {"promise": promise.sentence, "title": promise.incident.title}
    values = {"about": about, "at": f"{promise.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", "percent": each.step}
    if each.step == 100:
        return _("%(about)s was due at %(at)s and is not kept.") % values
    return _("%(about)s is due at %(at)s; %(percent)s %% of the time has passed.") % values
