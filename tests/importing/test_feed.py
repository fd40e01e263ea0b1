"""The history that a feed tells: texts, stages and times; what it does not say stays unknown and is said to be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from incidents.importing import Unreadable, feed
from incidents.importing.feed_items import told_in, window_in
from incidents.models import ImpactInterval, ImportedRow, Incident, IncidentUpdate, Redirect
from incidents.publishing import pages, snapshot
from tests.importing.worlds import take
from tests.sink import sink

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parent.parent / "samples"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
IDS = {case["id"] for entry in GROUPS if entry["group"] == "feed_import" for case in entry["cases"]}


def rss(*items: str, link: str = "https://other.example/status") -> bytes:
    return (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title><link>{link}</link>"
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(text: str = "It was down.", date: str = "Sun, 25 Oct 2026 10:00:00 +0000", **given: str) -> str:
    values = {"guid": "tag:other,1", "title": "Outage", "link": "https://other.example/posts/details/P1"} | given
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f"<item>{fields}<pubDate>{date}</pubDate><description>{text}</description></item>"


def saved(folder, *items: str):
    path = folder / "feed.rss"
    path.write_bytes(rss(*items))
    return path


def stages(incident: Incident) -> list[tuple[str, str]]:
    return [(row.stage, f"{row.posted_at:%Y-%m-%d %H:%M:%S}") for row in incident.updates.all()]


def test_stages_texts_and_times_come_from_the_items_of_the_dialect():
    take(SAMPLES / "claude-history-2026-10-07-trimmed.rss", NOW, "feed")
    row = Incident.objects.get(code="978mjkgw6mh7")
    assert stages(row) == [("investigating", "2026-10-07 16:36:00"), ("identified", "2026-10-07 17:28:02")]
    assert "Its stage is not on record." in row.updates.first().time_note, "the oldest one there is an “Update”"
    over = Incident.objects.get(code="vmys9qn874h4")
    assert over.stage == "resolved"
    assert over.updates.get().body.startswith("We have identified an issue which resulted")
    assert not Redirect.objects.exists(), "the ids are kept, so the addresses hold"


def test_times_of_an_old_feed_without_years_are_found_by_the_date_of_the_item():
    take(SAMPLES / "parse-history-2014-01.rss", NOW, "feed")
    row = Incident.objects.get(code="lzf7mjchpy20")
    assert stages(row) == [
        ("investigating", "2014-01-01 16:17:00"),
        ("identified", "2014-01-01 17:00:00"),
        ("resolved", "2014-01-01 17:09:00"),
    ]
    analytics = Incident.objects.filter(title="Analytics").first()
    assert {row.posted_at.year for row in analytics.updates.all()} == {2013}


def test_planned_maintenance_keeps_its_window():
    take(SAMPLES / "govuk-history-2024-01-08-scheduled.rss", datetime(2024, 1, 9, tzinfo=UTC), "feed")
    row = Incident.objects.get()
    assert (row.kind, row.stage, row.is_auto_starting) == ("maintenance", "scheduled", False)
    assert (row.scheduled_for, row.scheduled_until) == (
        datetime(2024, 1, 16, 12, tzinfo=UTC),
        datetime(2024, 1, 16, 16, tzinfo=UTC),
    )
    assert "\n\nWe plan to do some maintenance work" in row.updates.get().body


def test_what_a_feed_does_not_say_is_said_to_be_unknown(tmp_path):
    report = take(saved(tmp_path, item()), NOW, "feed")
    row = IncidentUpdate.objects.get()
    assert "does not say what was affected" in row.time_note
    assert "Whether and when it ended is not on record." in row.time_note
    assert not ImpactInterval.objects.exists()
    assert any("no levels and no uptime" in each for each in report.warnings)
    body = b"".join(
        page.render().body for page in pages.cold(snapshot.build(NOW)) if page.path.startswith("/incidents/")
    )
    assert b"does not say what was affected" in body


def test_an_atom_feed_and_twice_is_as_good_as_once():
    path = SAMPLES / "github-history-2022-06-11.atom"
    first = take(path, NOW, "feed")
    assert (first.counts["incidents"]["new"], first.counts["maintenance"]["new"]) == (20, 5)
    assert (
        ImportedRow.objects.filter(source="feed:tag:www.githubstatus.com,2005:/history", kind="incident").count() == 25
    )
    before = list(IncidentUpdate.objects.values())
    again = take(path, NOW.replace(day=2), "feed")
    assert again.counts == {"incidents": {"unchanged": 20}, "maintenance": {"unchanged": 5}}
    assert list(IncidentUpdate.objects.values()) == before


def test_feed_import_23_a_reused_guid_is_another_update_of_the_same_incident(tmp_path):
    assert "feed_import-23" in IDS
    take(saved(tmp_path, item()), NOW, "feed")
    later = item("It was down, and is up again.", "Sun, 25 Oct 2026 12:00:00 +0000")
    report = take(saved(tmp_path, later), NOW, "feed")
    assert report.counts["incidents"] == {"added to": 1}
    assert list(Incident.objects.get().updates.values_list("body", flat=True)) == [
        "It was down.",
        "It was down, and is up again.",
    ]


def test_feed_import_22_what_has_no_time_gets_that_of_the_first_reading_and_says_so(tmp_path):
    assert "feed_import-22" in IDS
    path = saved(tmp_path, item(date="yesterday-ish"))
    take(path, NOW, "feed")
    take(path, NOW.replace(day=9), "feed")
    row = IncidentUpdate.objects.get()
    assert row.posted_at == NOW
    assert "Its time is that of the reading." in row.time_note


def test_feed_import_21_a_time_to_come_is_that_of_the_first_reading(tmp_path):
    assert "feed_import-21" in IDS
    with time_machine.travel(NOW, tick=False):
        take(saved(tmp_path, item(date="Thu, 01 Jan 2099 00:00:00 +0000")), NOW, "feed")
    assert IncidentUpdate.objects.get().posted_at == NOW


def test_feed_import_18_and_19_tags_in_a_title_are_text_and_script_links_lead_nowhere(tmp_path):
    assert {"feed_import-18", "feed_import-19"} <= IDS
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><id>urn:x</id><entry><id>1</id>"
        "<title type='text'>&lt;script&gt;alert(1)&lt;/script&gt;</title><link href='javascript:alert(1)'/>"
        "<content type='html'>&lt;a href='javascript:alert(2)'&gt;here&lt;/a&gt;</content></entry></feed>"
    )
    (tmp_path / "a.atom").write_text(atom)
    take(tmp_path / "a.atom", NOW, "feed")
    assert Incident.objects.get().title == "<script>alert(1)</script>"
    bodies = [page.render().body.decode() for page in pages.cold(snapshot.build(NOW))]
    assert any("&lt;script&gt;alert(1)" in body for body in bodies)
    assert not any("<script>alert(1)" in body or "javascript:" in body for body in bodies)


def test_feed_import_26_our_own_feed_is_refused(tmp_path, settings):
    assert "feed_import-26" in IDS
    settings.SITE_URL = "https://status.ours.example"
    (tmp_path / "own.rss").write_bytes(rss(item(), link="https://status.ours.example/history"))
    with pytest.raises(Unreadable, match="of this page itself"):
        feed.read(str(tmp_path / "own.rss"))
    with pytest.raises(Unreadable):
        feed.read("https://status.ours.example/history.rss")


def test_an_address_elsewhere_leads_to_the_incident(tmp_path):
    take(saved(tmp_path, item()), NOW, "feed")
    lead = Redirect.objects.get()
    assert (lead.path, lead.target) == ("/posts/details/P1", f"/incidents/{Incident.objects.get().code}")


def test_an_incident_that_stands_here_from_elsewhere_is_not_taken_twice(tmp_path):
    post = item(link="https://other.example/incidents/abcdefabcdef")
    take(saved(tmp_path, post), NOW, "feed")
    report = take(saved(tmp_path, post.replace("tag:other,1", "tag:renamed,1")), NOW, "feed")
    assert report.counts["incidents"] == {"skipped": 1}
    assert any("stands here already" in each for each in report.warnings)
    assert Incident.objects.get().code == "abcdefabcdef"


@pytest.mark.parametrize("path", ["/", "/console/incidents", "/api/v2/summary.json", "/../x", "/a b", "/history"])
def test_an_address_that_is_ours_or_none_is_not_taken(tmp_path, path):
    take(saved(tmp_path, item(link=f"https://other.example{path}")), NOW, "feed")
    assert not Redirect.objects.exists()
    assert Incident.objects.exists()


def test_a_feed_is_read_from_its_address_and_a_fault_there_is_a_sentence(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with sink() as there:
        found = feed.read(there.say("/history.rss", rss(item()), Content_Type="application/rss+xml"))
        assert [row.title for row in found.incidents] == ["Outage"]
        with pytest.raises(Unreadable, match="status 500"):
            feed.read(there.say("/broken", b"<rss", "500 Internal Server Error"))
        with pytest.raises(Unreadable, match="empty"):
            feed.read(there.say("/empty", b""))
    with pytest.raises(Unreadable):
        feed.read(f"{there.url}/history.rss")


def test_windows_over_midnight_and_unknown_zones():
    html = (
        "<p><strong>THIS IS A SCHEDULED EVENT Dec <var>31</var>, <var>22:30</var> UTC &nbsp;-&nbsp; "
        "Jan <var> 1</var>, <var>02:30</var> UTC</strong></p>"
    )
    assert window_in(html, datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) == (
        datetime(2026, 12, 31, 22, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 2, 30, tzinfo=UTC),
    )
    anchor = datetime(2026, 1, 2, 1, 0, 20, tzinfo=UTC)
    item_html = (
        "<p><small>Jan <var> 1</var>, <var>22:00</var> XYZT</small><br><strong>Resolved</strong> - B.</p>"
        "<p><small>Dec <var>31</var>, <var>21:00</var> XYZT</small><br><strong>Update</strong> - A.</p>"
    )
    told = told_in(item_html, anchor, NOW)
    assert [(each.stage, each.at, each.html) for each in told] == [
        (None, datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "A."),
        ("resolved", datetime(2026, 1, 2, 1, 0, tzinfo=UTC), "B."),
    ]
