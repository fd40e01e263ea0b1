"""Subscribers by e-mail. The other modes of the dialect are refused."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from incidents.actions import inviting
from incidents.actions import subscriber as actions
from incidents.domain.scopes import Scope
from incidents.models import Subscriber
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.components import ids_of
from incidents.web.api.v1.shapes import stamp, stamp_or_none
from incidents.web.api.v1.table import Call, Refusal, Route, missing

STAYED = Subscriber.objects.filter(channel="email", is_operator=False, unsubscribed_at__isnull=True)
STATES = {
    "active": Q(confirmed_at__isnull=False, suspended_at__isnull=True),
    "unconfirmed": Q(confirmed_at__isnull=True, suspended_at__isnull=True),
    "quarantined": Q(suspended_at__isnull=False),
}
_ORDERS = {"primary": "address_key", "created_at": "created_at", "quarantined_at": "suspended_at"}
_LONGEST_NUMBER = 18


def subscriber_list(call: Call) -> list[answers.Subscriber]:
    """Those who did not leave; the active ones unless another state is asked for."""
    options = call.options(asked.SubscriberSearch)
    rows = _of_kind(options.type, options.state or "active")
    if options.q:
        rows = rows.filter(address_key__contains=options.q.casefold())
    sign = "-" if options.sort_direction == "desc" else ""
    return _answers(call, rows.order_by(sign + _ORDERS.get(options.sort_field, "address_key"), "id")[options.rows])


def unsubscribed_list(call: Call) -> list[answers.Subscriber]:
    """Those who left."""
    rows = Subscriber.objects.filter(channel="email", is_operator=False, unsubscribed_at__isnull=False)
    return _answers(call, rows.order_by("address_key", "id")[call.options(asked.SubscriberSearch).rows])


def subscriber(call: Call) -> answers.Subscriber:
    """One of them."""
    return _answer(call, _row(call))


def add_subscriber(call: Call) -> answers.Subscriber:
    """One more; its owner is asked by mail unless the caller vouches."""
    fields = call.asked(asked.SubscriberBody).subscriber
    if call.earlier:
        return _answer(call, Subscriber.objects.get(pk=call.earlier))
    if fields.endpoint or fields.phone_number:
        raise Refusal(422, _("Only subscriptions by e-mail can be entered here: give an email."))
    row = inviting.enter_subscriber(
        actor=call.actor,
        address=fields.email or "",
        component_ids=ids_of(fields.component_ids or [], "component_ids"),
        is_confirmed=fields.skip_confirmation_notification,
        key=call.key,
    )
    return _answer(call, row)


def edit_subscriber(call: Call) -> answers.Subscriber:
    """Other components; none: all of them."""
    body, row = call.asked(asked.SubscriberScopeBody), _row(call)
    codes = body.subscriber.component_ids if body.subscriber else body.component_ids
    if codes is None:
        raise Refusal(400, _("component_ids: the list is missing."))
    ids = ids_of(codes, "component_ids")
    actions.change_scope(actor=call.actor, subscriber_id=row.pk, has_all_components=not ids, component_ids=ids)
    return _answer(call, Subscriber.objects.get(pk=row.pk))


def unsubscribe(call: Call) -> answers.Subscriber:
    """Nothing more is sent."""
    row = _row(call)
    gone = _answer(call, row)
    actions.unsubscribe(actor=call.actor, subscriber_id=row.pk)
    return gone


def resend_confirmation(call: Call) -> None:
    """The question once more."""
    inviting.resend_confirmation(actor=call.actor, subscriber_id=_row(call).pk)


def unsubscribe_many(call: Call) -> None:
    """Nothing more is sent to any of these."""
    _each(call, lambda pk: actions.unsubscribe(actor=call.actor, subscriber_id=pk))


def reactivate_many(call: Call) -> None:
    """The suspended among these are told again."""
    _each(call, lambda pk: inviting.reactivate_subscriber(actor=call.actor, subscriber_id=pk))


def resend_many(call: Call) -> None:
    """The question once more to each of these."""
    _each(call, lambda pk: inviting.resend_confirmation(actor=call.actor, subscriber_id=pk))


def subscriber_count(call: Call) -> answers.SubscriberCounts:
    """How many, by mode."""
    options = call.options(asked.SubscriberKind)
    return answers.SubscriberCounts(email=_of_kind(options.type, options.state or "active").count())


def subscriber_histogram(_call: Call) -> answers.SubscriberHistogram:
    """How many, by mode and state."""
    counts = {name: STAYED.filter(rule).count() for name, rule in STATES.items()}
    none = answers.States(active=0, unconfirmed=0, quarantined=0, total=0)
    return answers.SubscriberHistogram(
        email=answers.States(**counts, total=sum(counts.values())),
        sms=none, webhook=none, slack=none, integration_partner=none,
    )  # fmt: skip


def _of_kind(mode: str, state: str) -> QuerySet[Subscriber]:
    if mode not in ("", "email"):
        return STAYED.none()
    return STAYED.filter(STATES[state]) if state in STATES else STAYED.all()


def _each(call: Call, act: Callable[[int], object]) -> None:
    """All of them must be there before anything is done."""
    wanted = call.asked(asked.SubscriberIds).subscribers
    rows = [_found(each) for each in wanted]
    for row in rows:
        act(row.pk)


def _row(call: Call) -> Subscriber:
    return _found(call.path["subscriber_id"])


def _found(number: str) -> Subscriber:
    is_number = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    row = STAYED.filter(pk=int(number)).first() if is_number else None
    if row is None:
        raise missing(_("subscriber"))
    return row


def _answers(call: Call, rows: QuerySet[Subscriber]) -> list[answers.Subscriber]:
    return [_answer(call, row) for row in rows.prefetch_related("components")]


def _answer(call: Call, row: Subscriber) -> answers.Subscriber:
    return answers.Subscriber(
        id=str(row.pk),
        email=row.address,
        skip_confirmation_notification=row.confirmed_at is not None,
        quarantined_at=stamp_or_none(row.suspended_at, call.page),
        components=None if row.has_all_components else [component.code for component in row.components.all()],
        created_at=stamp(row.created_at, call.page),
    )


_ALL, _ONE = "/pages/{page_id}/subscribers", "/pages/{page_id}/subscribers/{subscriber_id}"
_SCOPE, _SUBSCRIBER, _MANY = Scope.SUBSCRIBERS, answers.Subscriber, list[answers.Subscriber]
_IDS, _SEARCH, _KIND = asked.SubscriberIds, asked.SubscriberSearch, asked.SubscriberKind
ROUTES = (
    Route("GET", _ALL, "List the subscribers", subscriber_list, _SCOPE, _MANY, query=_SEARCH),
    Route("POST", _ALL, "Add a subscriber", add_subscriber, _SCOPE, _SUBSCRIBER, 201, asked.SubscriberBody),
    Route("GET", f"{_ALL}/count", "Count the subscribers", subscriber_count, _SCOPE, answers.SubscriberCounts,
          query=_KIND),
    Route("GET", f"{_ALL}/histogram_by_state", "Count them by state", subscriber_histogram, _SCOPE,
          answers.SubscriberHistogram),
    Route("GET", f"{_ALL}/unsubscribed", "List who left", unsubscribed_list, _SCOPE, _MANY, query=_SEARCH),
    Route("POST", f"{_ALL}/unsubscribe", "Unsubscribe many", unsubscribe_many, _SCOPE, None, 202, _IDS),
    Route("POST", f"{_ALL}/reactivate", "Reactivate many", reactivate_many, _SCOPE, None, 202, _IDS),
    Route("POST", f"{_ALL}/resend_confirmation", "Ask many again", resend_many, _SCOPE, None, 202, _IDS),
    Route("GET", _ONE, "Get a subscriber", subscriber, _SCOPE, _SUBSCRIBER),
    Route("PATCH", _ONE, "Choose components", edit_subscriber, _SCOPE, _SUBSCRIBER, body=asked.SubscriberScopeBody),
    Route("DELETE", _ONE, "Unsubscribe", unsubscribe, _SCOPE, _SUBSCRIBER),
    Route("POST", f"{_ONE}/resend_confirmation", "Ask again", resend_confirmation, _SCOPE, None, 201),
)  # fmt: skip
