"""What a mail says of maintenance: when, what it takes, and that it was called off."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from incidents.actions import maintenance
from incidents.actions.maintenance_schedule import advance_due
from incidents.models import Delivery, OutboxEvent
from incidents.notifying.announcement import announcement_of
from incidents.notifying.channels.email import EmailChannel
from incidents.notifying.protocol import Recipient
from tests.factories import MARIA, make_component, make_region, make_subscriber, utc
from tests.notifying.given import fan_out_all
from tests.notifying.test_email import parsed, part

pytestmark = pytest.mark.django_db
T0, BEGIN, END = utc("2026-06-20 09:00"), utc("2026-06-23 22:00"), utc("2026-06-23 23:00")


@pytest.fixture
def planned() -> Any:
    group = make_component("Cloud", is_group=True, now=T0)
    near = make_region("near")
    api = make_component(now=T0, group_id=group.pk, region_ids=[near.pk, make_region("far").pk])
    return maintenance.schedule_maintenance(
        actor=MARIA, title="Upgrade", body="We upgrade <it>.", scheduled_for=BEGIN, scheduled_until=END,
        scope=[(api.pk, (near.pk,))], reminder_lead_minutes=[60], now=T0,
    )  # fmt: skip


def newest_mail() -> Any:
    event = OutboxEvent.objects.filter(reach="subscribers").latest("id")
    letter = EmailChannel().render(announcement_of([event.facts], is_first=True))
    return parsed(letter(Recipient(1, "reader@example.org", 0, event.pk, T0, T0)))


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_an_announcement_says_when_and_what_will_be_affected_and_not_how_things_are_now(planned):
    mail = newest_mail()
    assert mail["Subject"] == "[Status] Upgrade — Scheduled"
    for text in (part(mail, "plain"), plain(part(mail, "html"))):
        assert "Scheduled maintenance" in text
        assert "2026-06-23 22:00 UTC – 2026-06-23 23:00 UTC" in text
        assert "Will be affected: Cloud - API (Near)" in text
        assert "Operational" not in text
    assert "We upgrade &lt;it&gt;." in part(mail, "html")


def test_a_reminder_a_start_and_an_end_are_told_each_with_the_window(planned):
    for at, subject in (
        (BEGIN - timedelta(hours=1), "Scheduled"), (BEGIN, "In progress"), (END, "Completed"),
    ):  # fmt: skip
        advance_due(at)
        mail = newest_mail()
        assert mail["Subject"] == f"[Status] Upgrade — {subject}"
        assert "2026-06-23 22:00 UTC" in part(mail, "plain")
        assert "This began" not in part(mail, "plain"), "it is not told as trouble that nobody was told of"


def test_what_runs_says_what_is_under_maintenance_now(planned):
    advance_due(BEGIN)
    text = part(newest_mail(), "plain")
    assert "Cloud - API: Under maintenance" in text
    assert "Will be affected" not in text


def test_what_was_called_off_is_cancelled_and_not_completed(planned):
    maintenance.cancel_maintenance(actor=MARIA, incident_id=planned.pk, body="Not needed.", now=T0)
    mail = newest_mail()
    assert mail["Subject"] == "[Status] Upgrade — Cancelled"
    for text in (part(mail, "plain"), plain(part(mail, "html"))):
        assert "cancelled" in text
        assert "Completed" not in text
        assert "Will be affected" not in text


def test_who_chose_a_component_or_its_group_is_told_before_it_begins():
    group = make_component("Cloud", is_group=True, now=T0)
    api, web = make_component(now=T0, group_id=group.pk), make_component("Web", now=T0)
    for name, chosen in (("api", api), ("group", group), ("web", web)):
        make_subscriber(f"{name}@example.org", component_ids=[chosen.pk], now=T0)
    maintenance.schedule_maintenance(
        actor=MARIA, title="Upgrade", body="B", scheduled_for=BEGIN, scheduled_until=END, scope=[(api.pk, ())], now=T0
    )
    fan_out_all()
    told = Delivery.objects.values_list("subscriber__address", flat=True)
    assert sorted(told) == ["api@example.org", "group@example.org"]
    assert set(Delivery.objects.values_list("expires_at", flat=True)) == {BEGIN}
