"""Advise client programs during an incident, as data that they can act on, and take such advice back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import guards, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.advice import LONGEST_SECONDS, SHORTEST_SECONDS, AdviceKind
from incidents.domain.verbs import Reach, Verb
from incidents.models import ClientAdvice, Component, Region
from incidents.models.words import number

MOST = 20  # standing on one incident; a program has to read them all


def give_advice(
    *,
    actor: Actor,
    incident_id: int,
    kind: str,
    seconds: int | None = None,
    target: str = "",
    discard_since: datetime | None = None,
    note: str = "",
    component_id: int | None = None,
    region_id: int | None = None,
    now: datetime | None = None,
) -> ClientAdvice:
    """Advise programs while an incident is open: `retry_after` with `seconds`, `fail_over` with a `target` (an https
    address, or where to in words), `hold`, or `discard_since` an instant (UTC, not in the future).

    `component_id` and `region_id` None: all that the incident touches. What another kind would need is left aside. An
    advice that says exactly this already is returned. Raises Refused: an incident that is over, a value that is missing
    or out of bounds, no such component or region.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        incident = guards.lock_incident(incident_id, None)
        if not incident.is_open or incident.cancelled_at:
            raise Refused(_("This is over; there is nothing to advise any more. Reopen the incident first."))
        component = _component(component_id)
        values = {
            **_values(kind, seconds, target, discard_since, now),
            "note": texts.line(note, field="note", limit=300, is_required=False),
            "component": component,
            "region": _region(component, region_id),
        }
        standing = ClientAdvice.objects.filter(incident=incident, withdrawn_at__isnull=True)
        if same := standing.filter(**values).first():
            return same
        if standing.count() >= MOST:
            sentence = ngettext(
                "%(count)s piece of advice stands already. Withdraw it first.",
                "%(count)s pieces of advice stand already. Withdraw one first.",
                MOST,
            )
            raise Refused(sentence % {"count": MOST})
        advice = ClientAdvice.objects.create(incident=incident, given_at=now, **values)
        record(
            actor=actor, verb=Verb.ADVICE_GIVEN, subject=advice, now=now, incident=incident, reach=Reach.PAGE,
            changes={"advice": ["", str(advice)]}, published=[advice],
        )  # fmt: skip
    return advice


def withdraw_advice(*, actor: Actor, advice_id: int, now: datetime | None = None) -> ClientAdvice:
    """Take an advice back: nothing public says it any more. Raises Refused if it was withdrawn before."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        advice = ClientAdvice.objects.select_related("incident").filter(pk=advice_id).first()
        if advice is None or advice.withdrawn_at:
            raise Refused(_("This advice was withdrawn already."))
        advice.withdrawn_at = now
        advice.save(update_fields=["withdrawn_at"])
        record(
            actor=actor, verb=Verb.ADVICE_WITHDRAWN, subject=advice, now=now, incident=advice.incident,
            reach=Reach.PAGE, changes={"advice": [str(advice), ""]}, published=[advice],
        )  # fmt: skip
    return advice


def _values(
    kind: str, seconds: int | None, target: str, discard_since: datetime | None, now: datetime
) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": kind, "seconds": None, "target": "", "discard_since": None}
    if kind == AdviceKind.RETRY_AFTER:
        values["seconds"] = _seconds(seconds)
    elif kind == AdviceKind.FAIL_OVER:
        values["target"] = _target(target)
    elif kind == AdviceKind.DISCARD_SINCE:
        values["discard_since"] = _instant(discard_since, now)
    elif kind != AdviceKind.HOLD:
        raise Refused(
            _("There is no such kind of advice. Choose one of: %(kinds)s.") % {"kinds": ", ".join(AdviceKind)}, "kind"
        )
    return values


def _seconds(seconds: int | None) -> int:
    if seconds is None or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise Refused(
            _("Give the seconds to wait, from %(least)s to %(most)s.")
            % {"least": SHORTEST_SECONDS, "most": number(LONGEST_SECONDS)},
            "seconds",
        )
    return seconds


def _target(target: str) -> str:
    text = texts.line(target, field="target", limit=500, is_required=False)
    if not text:
        raise Refused(_("Say where to fail over to: an address as https://…, or in words."), "target")
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        raise Refused(_("This is no address. Write it as https://… or say in words where to."), "target") from None
    if "://" in text and scheme not in ("https", "http"):
        raise Refused(_("Programs follow this. Give an address that begins with https://."), "target")
    return text


def _instant(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        raise Refused(_("Say since when results are not to be used."), "discard_since")
    if at > now:
        raise Refused(_("The time is in the future."), "discard_since")
    return at


def _component(component_id: int | None) -> Component | None:
    if component_id is None:
        return None
    found = Component.objects.filter(pk=component_id, archived_at__isnull=True).first()
    if found is None:
        raise Refused(_("There is no such component, or it is archived."), "component_id")
    return found


def _region(component: Component | None, region_id: int | None) -> Region | None:
    if region_id is None:
        return None
    found = Region.objects.filter(pk=region_id).first()
    if found is None:
        raise Refused(_("There is no such region."), "region_id")
    owners = [] if component is None else list(component.children.all()) if component.is_group else [component]
    if component and not any(owner.regions.filter(pk=region_id).exists() for owner in owners):
        raise Refused(_("%(name)s does not run in that region.") % {"name": component.name}, "region_id")
    return found
