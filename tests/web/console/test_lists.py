"""Components, subscribers, deliveries, mail, templates, the log and the settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from incidents import queries
from incidents.actions.component import archive_component
from incidents.models import (
    AuditEntry,
    ChannelPause,
    Component,
    Delivery,
    ImpactInterval,
    OutboxEvent,
    Region,
    Subscriber,
    UpdateTemplate,
)
from incidents.web.console.forms import component_choices
from tests.factories import MARIA, make_component, make_subscriber, open_incident


def text(answer):
    return " ".join(answer.content.decode().split())


def delivery(subscriber, **overrides):
    event = OutboxEvent.objects.filter(reach="subscribers").last()
    now = timezone.now()
    values = {"event": event, "incident": event.incident, "channel": "email", "due_at": now, "created_at": now}
    return Delivery.objects.create(subscriber=subscriber, **(values | overrides))


def test_a_component_is_added_edited_moved_archived_and_restored(console, db):
    assert console.post("/console/regions/add", {"name": "Europe", "key": ""}).status_code == 302
    region = Region.objects.get()
    form = {
        "name": "API",
        "slug": "",
        "description": "For programs",
        "region_ids": [region.pk],
        "start_date": "2026-01-02",
    }
    assert console.post("/console/components/add", form).status_code == 302
    assert console.post("/console/components/add", {"name": "Website"}).status_code == 302
    api, web = Component.objects.order_by("pk")
    assert (api.slug, list(api.regions.all()), str(api.start_date)) == ("api", [region], "2026-01-02")

    taken = console.post("/console/components/add", {"name": "API"})
    assert taken.status_code == 422
    assert "a component with this name" in text(taken)

    console.post(f"/console/components/{web.code}/move-up")
    assert list(Component.objects.values_list("name", flat=True)) == ["Website", "API"]
    console.post(f"/console/components/{web.code}/move-up")
    console.post(f"/console/components/{web.code}/move-down")
    assert list(Component.objects.values_list("name", flat=True)) == ["API", "Website"]

    assert 'value="For programs"' in text(console.get(f"/console/components/{api.code}/edit"))
    console.post(f"/console/components/{api.code}/edit", {"name": "Core API", "description": "", "reason": "R"})
    api.refresh_from_db()
    assert (api.name, api.slug, api.regions.count()) == ("Core API", "api", 0)

    console.post(f"/console/components/{api.code}/archive")
    api.refresh_from_db()
    assert api.archived_at
    assert "Core API" in text(console.get("/console/components"))
    console.post(f"/console/components/{api.code}/restore")
    api.refresh_from_db()
    assert api.archived_at is None


def test_a_component_in_trouble_is_not_archived_and_the_reason_is_said(console, db):
    api = make_component("API")
    open_incident(api)
    answer = console.post(f"/console/components/{api.code}/archive")
    assert answer.status_code == 422
    assert "API is not operational. End what is open on it first." in text(answer)


def test_a_status_is_set_by_hand_since_a_time(console, db):
    api = make_component("API")
    path = f"/console/components/{api.code}/set-status"
    start = (timezone.now() - timedelta(minutes=9)).replace(second=0, microsecond=0)
    console.post(path, {"level": "degraded_performance", "since": f"{start:%Y-%m-%d %H:%M}"})
    interval = ImpactInterval.objects.get()
    assert (interval.level, interval.started_at, interval.incident) == ("degraded_performance", start, None)
    assert "Degraded performance" in text(console.get("/console/components"))
    bad = console.post(path, {"level": "operational", "since": "2001-01-01 00:00"})
    assert bad.status_code == 422
    assert "before its present level began" in text(bad)


def test_a_subscriber_is_added_by_hand_with_who_vouches_and_unsubscribed(console, db):
    api = make_component("API")
    added = console.post("/console/subscribers/add", {"address": " Reader@Example.org ", "component_ids": [api.pk]})
    assert added.status_code == 302
    subscriber = Subscriber.objects.get()
    assert (subscriber.address, list(subscriber.components.all())) == ("Reader@example.org", [api])
    assert AuditEntry.objects.get(verb="subscriber.confirmed").actor_label == "maria"
    for bad in ("a@b", "Reader@example.org", "-oQ/x@b.co"):
        answer = console.post("/console/subscribers/add", {"address": bad})
        assert answer.status_code == 422
        assert f'value="{bad}"' in text(answer)
    console.post(f"/console/subscribers/{subscriber.pk}/unsubscribe")
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at
    assert "No subscriber matches" in text(console.get("/console/subscribers?state=told"))
    assert "Reader@example.org" in text(console.get("/console/subscribers?state=unsubscribed&q=READER"))


def test_deliveries_show_how_each_ended_and_are_narrowed_by_state_class_and_incident(console, db):
    incident = open_incident(make_component("API"))
    refused = delivery(
        make_subscriber("gone@example.org"), state="dead", last_class="permanent", last_error="550 no such user"
    )
    refused.attempt_log.create(at=timezone.now(), answer_class="permanent", detail="550 5.1.1 no such user here")
    delivery(make_subscriber("here@example.org"), state="sent", sent_at=timezone.now())
    everything = text(console.get("/console/deliveries"))
    assert "gone@example.org" in everything
    assert "here@example.org" in everything
    for query in ("state=dead", "class=permanent", "q=GONE"):
        narrowed = text(console.get(f"/console/deliveries?{query}"))
        assert "550 no such user" in narrowed
        assert "here@example.org" not in narrowed
    assert "here@example.org" in text(console.get(f"/console/deliveries?incident={incident.code}"))
    assert "here@example.org" not in text(console.get("/console/deliveries?incident=nowhere"))
    assert "550 5.1.1 no such user here" in text(console.get(f"/console/deliveries/{refused.pk}"))


def test_what_is_being_sent_is_counted_and_trouble_is_said_plainly(console, db):
    open_incident(make_component("API"))
    old = timezone.now() - timedelta(minutes=14, seconds=5)
    delivery(make_subscriber("one@example.org"), state="sent", sent_at=timezone.now())
    waiting = {"state": "pending", "last_class": "transient", "last_error": "451 try later", "created_at": old}
    delivery(make_subscriber("two@example.org"), **waiting)
    delivery(make_subscriber("three@example.org"), state="dead")
    html = text(console.get("/console/sending", headers={"HX-Request": "true"}))
    assert "1 sent · 1 waiting ·" in html
    assert "1 failed" in html
    assert "email: 1 delivery is not accepted" in html
    assert "it has waited 14 min" in html
    assert "refused for now" in html
    assert "451 try later" in html
    assert "<html" not in html


def test_a_channel_that_is_down_is_said_with_what_waits_and_the_next_try(console, db):
    open_incident(make_component("API"))
    now = timezone.now()
    for name in ("one", "two"):
        delivery(make_subscriber(f"{name}@example.org"), created_at=now - timedelta(minutes=7, seconds=5))
    ChannelPause.objects.create(
        channel="email", until=now + timedelta(minutes=2), since=now - timedelta(minutes=9), reason="connection refused"
    )
    html = text(console.get("/console/"))
    assert "Nothing gets out by email" in html
    assert "connection refused" in html
    assert "2 deliveries wait, the oldest for 7 min." in html


def test_a_post_that_no_worker_takes_up_is_said(console, db):
    open_incident(now=timezone.now() - timedelta(minutes=2))
    assert "No worker takes up what was posted" in text(console.get("/console/"))


def test_the_kill_switch_holds_and_releases(console, db):
    console.post("/console/deliveries/hold")
    assert queries.the_page().is_sending_held
    assert "All sending is stopped by hand" in text(console.get("/console/"))
    console.post("/console/deliveries/release")
    assert not queries.the_page().is_sending_held
    assert console.get("/console/deliveries/hold").status_code == 405


def test_mail_kept_in_files_is_listed_and_read_as_text(console, db):
    folder = settings.DATA_DIR / "mail"
    folder.mkdir()
    name = "20260623T145230.000001Z_id@example.org.eml"
    (folder / name).write_bytes(
        b"To: reader@example.org\nSubject: Errors\nContent-Type: text/html; charset=utf-8\n\n<script>alert(1)</script>"
    )
    (folder / "20260623T145230.000002Z_b.eml").write_bytes(b"To: b@c.de\nSubject: <b>Two</b>\n\nPlain <i>words</i>.")
    listed = text(console.get("/console/mailbox"))
    assert "reader@example.org" in listed
    assert "&lt;b&gt;Two&lt;/b&gt;" in listed
    assert "<script>alert" not in text(console.get(f"/console/mailbox/{name}"))
    assert "Plain &lt;i&gt;words&lt;/i&gt;." in text(console.get("/console/mailbox/20260623T145230.000002Z_b.eml"))
    assert console.get("/console/mailbox/..").status_code == 404


def test_templates_are_kept_changed_and_deleted(console, db):
    form = {"name": "Looking", "stage": "investigating", "title": "", "body": "We look into {components}."}
    assert console.post("/console/templates/add", form).status_code == 302
    template = UpdateTemplate.objects.get()
    assert console.post("/console/templates/add", form).status_code == 422
    console.post(f"/console/templates/{template.pk}/edit", form | {"body": "Changed."})
    template.refresh_from_db()
    assert template.body == "Changed."
    assert "Changed." in text(console.get("/console/templates"))
    console.post(f"/console/templates/{template.pk}/delete")
    assert UpdateTemplate.objects.count() == 0


def test_the_log_is_searched_by_who_and_what(console, db):
    console.post("/console/page", {"name": "Acme status", "time_zone": "Europe/Berlin"})
    open_incident(title="Errors")
    assert "edited the page" in text(console.get("/console/audit?q=Acme"))
    assert "Errors" not in text(console.get("/console/audit?verb=page.edited")).split("<tbody>")[1]
    assert "No entry matches" in text(console.get("/console/audit?q=nobody"))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "Europe"])
def test_a_zone_that_is_none_is_refused(console, db, zone):
    answer = console.post("/console/page", {"name": "Acme", "time_zone": zone})
    assert answer.status_code == 422
    assert 'value="Acme"' in text(answer)


def test_a_password_is_changed(console, responder):
    new = {"new_password1": "another good one 7", "new_password2": "another good one 7"}
    console.post("/console/change-password", {"old_password": "correct horse battery"} | new)
    responder.refresh_from_db()
    assert responder.check_password("another good one 7")


def test_subscribers_and_deliveries_are_put_in_the_order_of_a_column(console, db):
    open_incident(make_component("API"))
    for name in ("beta", "alpha"):
        delivery(make_subscriber(f"{name}@example.org"), attempts=len(name))
    for query in ("subscribers?sort=address", "deliveries?sort=to", "deliveries?sort=-attempts"):
        html = text(console.get(f"/console/{query}"))
        assert html.index("alpha@example.org") < html.index("beta@example.org"), query
    for query in ("subscribers?sort=-address", "subscribers?sort=since", "deliveries?sort=attempts"):
        html = text(console.get(f"/console/{query}"))
        assert html.index("beta@example.org") < html.index("alpha@example.org"), query


@pytest.mark.django_db
def test_components_to_choose_from_stand_in_the_order_of_the_page_behind_their_groups():
    apps, models = (make_component(name, is_group=True) for name in ("Apps", "Models"))
    make_component("Site")
    for group in (models, apps):
        for name in ("One", "Two"):
            make_component(name, group_id=group.pk)
    gone = archive_component(actor=MARIA, component_id=make_component("Gone").pk)
    names = ["Apps - One", "Apps - Two", "Models - One", "Models - Two", "Site"]
    assert [name for _pk, name in component_choices()] == names
    assert [name for _pk, name in component_choices(own=gone)] == [*names, "Gone"]
    assert [name for _pk, name in component_choices(has_groups=True)][:2] == ["Apps", "Apps - One"]
