"""A page with something of everything on it, for the tests that look at every page: the demonstration, and what it
does not show. Made through the actions, once for a module."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from incidents import relay
from incidents.actions import (
    agreement,
    amending,
    client_advice,
    component,
    ledger,
    maintenance,
    offering,
    operators,
    promise,
    proposal,
    review_parts,
    review_workflow,
    roles,
    series,
    subscriber,
    token,
    withholding,
)
from incidents.actions.one_time import Opens, one_time_token
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.status import Level
from incidents.domain.upstream import Reading, UpstreamIncident
from incidents.management.demo import story
from incidents.models import (
    Agreement,
    BusinessCalendar,
    Component,
    InboundSource,
    Incident,
    OutboxEvent,
    Promise,
    PromisePolicy,
    Proposal,
    Region,
    Remediation,
    Review,
    Subscriber,
    UpdateTemplate,
)
from incidents.notifying import mailbox
from incidents.notifying.tokens import Purpose, make_token
from tests import every_public_world, parts_world, workflow_world
from tests.factories import MARIA, make_component, open_incident, post_update
from tests.inbound_world import alert, make_rule, make_source, over, report
from tests.upstream_world import WELL, an_upstream
from tests.web.accounts.account_world import PASSWORD, somebody, with_app, with_codes, with_passkey

World = dict[str, Any]


def everything() -> World:
    """Play the demonstration to its end and add the rest; what stands in an address, by the word for it."""
    now = timezone.now()
    story.play(now)
    user = User.objects.create_user("root", "root@example.org", PASSWORD, is_superuser=True)
    roles.set_roles(actor=SYSTEM, user_id=user.pk, roles=["administrator"])
    root = Actor("user", "root", user.pk)
    world: World = {"user": user.pk, "region": Region.objects.first(), "subscriber": Subscriber.objects.first().pk}
    world["folder"] = settings.DATA_DIR
    for add in (_incidents, _maintenance, _monitors, _terms, _reviews, _rest, _people):
        world |= add(root)
    return world


def _incidents(root: Actor) -> World:
    api = Component.objects.filter(is_group=False, archived_at=None).first()
    assert api
    row = open_incident(api, title="Errors on the API", actor=root)
    said = post_update(row, "identified", advice="Wait.", actor=root)
    amending.amend_update(actor=root, update_id=said.pk, body="It is identified now.", reason="A word was missing.")
    given = client_advice.give_advice(actor=root, incident_id=row.pk, kind="retry_after", seconds=60)
    gone = post_update(row, "identified", body="A password.", actor=root)
    withholding.withhold_text(actor=root, update_id=gone.pk, reason="It held a password.")
    over_ = open_incident(make_component("Archive", actor=root), title="Slow archive", actor=root)
    post_update(over_, "resolved", actor=root)
    false = open_incident(make_component("Lab", actor=root), title="False alarm", actor=root)
    withholding.withdraw_incident(actor=root, incident_id=false.pk, reason="It was a test.")
    interval = over_.intervals.get()
    ledger.correct_interval(
        actor=root, interval_id=interval.pk, level="degraded_performance", started_at=interval.started_at,
        ended_at=interval.ended_at, reason="The logs show otherwise.",
    )  # fmt: skip
    return {
        "incident": row.code, "update": said.code, "advice": given.pk, "component": api.code, "over": over_.code,
        "interval": over_.intervals.get(superseded_at=None).pk, "resolved": over_.code, "milestone": "detected",
        "withdrawn": false.code,
    }  # fmt: skip


def _maintenance(root: Actor) -> World:
    now, api = timezone.now(), Component.objects.filter(is_group=False, archived_at=None).first()
    assert api
    row = maintenance.schedule_maintenance(
        actor=root, title="Move the database", body="Writes are refused.", scope=[(api.pk, ())],
        scheduled_for=now + timedelta(hours=3), scheduled_until=now + timedelta(hours=5),
    )  # fmt: skip
    again = series.add_series(
        actor=root, title="Patches", body="Restarts.", rrule="FREQ=WEEKLY;BYDAY=TU", first_day=now.date(),
        starts_at=time(2), zone="Europe/Berlin", duration_minutes=60, scope=[(api.pk, ())],
    )  # fmt: skip
    return {"maintenance": row.code, "series": again.pk}


def _monitors(root: Actor) -> World:
    api, web = make_component("Gateway of the API", actor=root), make_component("Checkout", actor=root)
    source, _key = make_source("alertmanager", "Prometheus in Frankfurt", dead_man_minutes=15)
    rule = make_rule(source, api, match={"severity": "critical"})
    make_rule(source, web, act="hold", match={"job": "blackbox"}, level="partial_outage")
    report(source, alert("1", labels={"severity": "critical"}, title="Errors on the API"))
    proposal.publish_proposal(actor=root, proposal_id=Proposal.objects.get().pk)
    report(source, over("1"), alert("2", labels={"job": "blackbox"}))
    report(source, alert("3", title="Latency of the search", body="The share of **failed** calls."))
    InboundSource.objects.update(last_error="“alerts” must be a list of alerts.")
    return {
        "source": source.pk, "rule": rule.pk, "proposal": Proposal.objects.get(state="open").pk,
        "ended": Proposal.objects.get(state="published").pk,
    }  # fmt: skip


def _terms(root: Actor) -> World:
    now, row = timezone.now(), Agreement.objects.get()
    left_out = agreement.grant_exclusion(
        actor=root, agreement_id=row.pk, started_at=now - timedelta(hours=2), ended_at=now, reason="Their network.",
    )  # fmt: skip
    promise.make_promise(
        actor=root, incident_id=Incident.objects.latest("pk").pk, sentence="We will share more.",
        due_at=now + timedelta(days=10),
    )  # fmt: skip
    return {
        "agreement": row.pk, "exclusion": left_out.pk, "policy": PromisePolicy.objects.get().pk,
        "calendar": BusinessCalendar.objects.get().pk, "promise": Promise.objects.latest("pk").code,
    }  # fmt: skip


def _reviews(root: Actor) -> World:
    review = workflow_world.in_review(Incident.objects.get(title="Slow archive"))
    change, phase = parts_world.a_change(), parts_world.a_phase(review)
    role, entry = parts_world.a_role(review, change), parts_world.an_entry(review, phase_id=phase.pk)
    factor = parts_world.a_factor(review, entry_refs=[f"entry:{entry.pk}"], change_ids=[change.pk])
    review_workflow.comment_on_review(
        actor=root, review_id=review.pk, anchor="section:summary", body="Which router?", is_blocking=True
    )
    held = review_parts.record_redaction(
        actor=root, review_id=review.pk, place="section:cause", kind="security", reason="It is being mended."
    )
    return {
        "redaction": held.pk, "review": review.code, "entry": entry.pk, "phase": phase.pk, "change": change.code,
        "role": role.pk,
        "factor": factor.pk, "remediation": Remediation.objects.latest("pk").code, "section": "summary",
        "published": Review.objects.exclude(pk=review.pk).get().code,
    }  # fmt: skip


def _rest(root: Actor) -> World:
    operators.add_operator(actor=root, address="oncall@example.org")
    upstream = an_upstream(reading=WELL)
    made, _key = token.make_token(actor=root, name="robot", scopes=["read"])
    reader, now = subscriber.add_confirmed_subscriber(actor=root, address="new.reader@example.org"), timezone.now()
    subscriber.sign_up(address="asks@example.org", client_ip="127.0.0.1")
    asks = Subscriber.objects.get(address="asks@example.org")
    relay.relay()
    relay.deliver()
    invited = roles.add_person(actor=root, username="newcomer", email="new@example.org", roles=["viewer"])
    event = OutboxEvent.objects.filter(deliveries__isnull=False).first()
    return {
        "upstream": upstream.pk, "token": made.pk, "template": UpdateTemplate.objects.first().pk,
        "delivery": event.deliveries.first().pk if event else None, "letter": mailbox.messages()[0].name,
        "confirm": make_token(Purpose.CONFIRM, asks.pk, asks.generation, now),
        "manage": make_token(Purpose.MANAGE, reader.pk, reader.generation, now),
        "unsubscribe": make_token(Purpose.UNSUBSCRIBE, reader.pk, reader.generation, now),
        "uid": urlsafe_base64_encode(force_bytes(invited.pk)),
        "invitation": default_token_generator.make_token(invited),
    }  # fmt: skip


def _people(root: Actor) -> World:
    reader = somebody("vera")
    with_app(reader)
    with_codes(reader)
    passkey = with_passkey(reader)
    author = roles.add_person(actor=root, username="anna", email="anna@example.org", roles=["author"])
    typed = {"title": ["Errors"], "body": ["We look into it."], "stage": ["investigating"]}
    draft = offering.offer(
        actor=Actor("user", "anna", author.pk), path="/console/incidents/open", fields=typed, key="k"
    )
    # An update that can be taken back for as long as the tests look at it.
    held = open_incident(Component.objects.get(name="Checkout"), title="Slow checkout", actor=root)
    OutboxEvent.objects.filter(incident=held).update(relayed_at=None, held_until=timezone.now() + timedelta(hours=1))
    return {
        "reader": reader.pk, "passkey": passkey, "draft": draft.code, "held": held.code,
        "reset": one_time_token(author, Opens.PASSWORD_RESET), "resort": one_time_token(author, Opens.LAST_RESORT),
    }  # fmt: skip


def quiet() -> None:
    """All is well."""
    make_component("Web")


def nothing() -> None:
    """Nothing was ever written."""


def levels() -> None:
    """A component at each level, and upstreams that are in trouble or silent."""
    for level in Level:
        row = make_component(level.value)
        if level != Level.OPERATIONAL:
            component.set_component_status(actor=MARIA, component_id=row.pk, level=level)
    an_upstream("Cloud", Reading(Level.PARTIAL_OUTAGE, "Partial outage", ()), timezone.now())
    an_upstream("Silent")


def long() -> None:
    """Names that do not end."""
    leaf, other = make_component("W" * 120), make_component("Name of many words " * 6)
    row = open_incident(leaf, other, title="A" * 255, body="B" * 2_000)
    post_update(row, "identified", body="[link](https://example.org/" + "c" * 300 + ")")
    told = (UpstreamIncident("W" * 200, "https://x.example/", timezone.now()),)
    an_upstream("W" * 80, Reading(Level.MAJOR_OUTAGE, "W" * 200, told), timezone.now())


def turned() -> None:
    """Names and texts that are read from the right."""
    row = open_incident(
        make_component("ממשק תכנות"), make_component("واجهة"), title="שגיאות ב-API (503)", body="אנחנו בודקים."
    )
    post_update(row, "identified", body="המקור נמצא: ‎router-7.\n\n- אחת\n- שתיים", advice="נסו שוב מאוחר יותר.")


WORLDS: dict[str, Callable[[], Any]] = {
    "everything": everything,
    "quiet": quiet,
    "nothing": nothing,
    "levels": levels,
    "long": long,
    "turned": turned,
    "remedied": every_public_world.remedied,
    "corrected": every_public_world.corrected,
    "reviewed": every_public_world.reviewed,
    "working": every_public_world.working,
}
