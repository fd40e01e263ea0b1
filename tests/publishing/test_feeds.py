"""Which feeds there are, what each of them holds, and when one is written again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from incidents.actions import amending
from incidents.actions import incident as actions
from incidents.domain.status import Impact, Kind, Level, Stage
from incidents.publishing import feeds, snapshot
from incidents.publishing.public import IncidentView, Snapshot, UpdateView, WindowView
from incidents.publishing.tree import SUFFIXES, file_of
from tests.factories import MARIA, colleague, make_component, make_subscriber, open_incident, post_update, utc
from tests.publishing.feed_truth import START, URL, component, incident, links, pages, parsed, titles, truth, update


def keys(given: Snapshot) -> dict[str, str]:
    return {page.path: page.key for page in feeds.cold(given)}


@pytest.mark.parametrize("name", feeds.FORMATS)
def test_every_format_of_the_table_yields_a_page_that_the_tree_and_other_sites_can_read(name: str) -> None:
    form = feeds.FORMATS[name]
    found = pages(truth(incident(1)))
    for stem in ("/incidents/code00000001", "/components/api"):
        page = found[stem + form.ending]
        assert file_of(page.path) == page.path[1:]
        assert any(page.path.endswith(suffix) for suffix in SUFFIXES)
        assert page.content_type == form.content_type
        assert ("Access-Control-Allow-Origin", "*") in page.headers
        assert f"{URL}{page.path}".encode() in page.body
        assert b"Trouble 1" in page.body
        assert len(links(page)) == 1


def test_history_holds_the_25_incidents_with_the_newest_updates_and_the_rest_50_updates() -> None:
    many = [incident(n, update(1, posted_at=START + timedelta(hours=n)), update(2)) for n in range(1, 41)]
    many = [
        replace(row, updates=tuple(sorted(row.updates, key=lambda told: told.posted_at, reverse=True))) for row in many
    ]
    found = pages(truth(*many))
    for path in ("/history.rss", "/history.atom"):
        assert titles(found[path]) == [f"Trouble {n}" for n in range(40, 15, -1)]
    for path in ("/feed.json", "/components/api/feed.json"):
        items = json.loads(found[path].body)["items"]
        published = [item["date_published"] for item in items]
        assert len(items) == 50
        assert published == sorted(published, reverse=True)
    assert len(parsed(found["/components/api.atom"]).entries) == 50


def test_an_incident_feed_holds_all_of_its_updates() -> None:
    told = [update(n, body=f"Word {n}.") for n in range(1, 71)]
    found = pages(truth(incident(1, *told)))
    for form in feeds.FORMATS.values():
        expected = [f"{URL}/incidents/code00000001#update-i1u{n}" for n in range(70, 0, -1)]
        assert links(found["/incidents/code00000001" + form.ending]) == expected


def test_ids_last_and_updated_moves_forward_through_update_amendment_resolution_and_reopening() -> None:
    first = incident(9, update(1))
    second = incident(9, update(1), update(2, is_repeat=True))
    amended_at = second.updated_at + timedelta(minutes=1)
    amended = incident(9, update(1, body="We looked.", amended_at=amended_at), second.updates[0], updated_at=amended_at)
    resolved = incident(9, amended.updates[1], amended.updates[0], update(3, Stage.RESOLVED))
    reopened = incident(9, *resolved.updates[::-1], update(4, is_reopening=True))
    story = [pages(truth(row)) for row in (first, second, amended, resolved, reopened)]

    history = [parsed(step["/history.atom"]).entries for step in story]
    assert {entry.id for entries in history for entry in entries} == {"tag:status.example.com,2005:Incident/9"}
    assert all(len(entries) == 1 for entries in history)
    assert all(before[0].updated < after[0].updated for before, after in pairwise(history))

    for path, own in (("/incidents/code00000009.atom", "id"), ("/incidents/code00000009.rss", "link")):
        narrow = [[entry[own] for entry in parsed(step[path]).entries] for step in story]
        assert [len(ids) for ids in narrow] == [1, 2, 2, 3, 4]
        assert all(len(set(ids)) == len(ids) for ids in narrow)
        assert narrow[1] == narrow[2]
        assert all(after[-len(before) :] == before for before, after in pairwise(narrow))

    item = json.loads(story[2]["/feed.json"].body)["items"][1]
    assert item["id"] == "tag:status.example.com,2005:IncidentUpdate/9/1"
    assert (item["content_text"], item["date_modified"]) == ("We looked.", "2026-06-23T15:13:07Z")
    assert "date_modified" not in json.loads(story[1]["/feed.json"].body)["items"][1]


def test_a_component_feed_holds_its_own_incidents_and_a_group_those_of_its_components() -> None:
    group = component("core", component("api", group_code="core"), component("web", group_code="core"))
    former = component("old", group_code="core", is_archived=True)
    given = truth(
        incident(1, slugs=("api",)),
        incident(2, slugs=("web",)),
        incident(3, slugs=("mail",)),
        incident(4, slugs=("old",)),
        incident(5, slugs=("api", "web")),
        components=(group, component("mail")),
    )
    found = pages(replace(given, archived=(former,)))
    held = {path: [title.split()[-1] for title in titles(page)] for path, page in found.items() if ".atom" in path}
    assert held["/components/api.atom"] == ["5", "1"]
    assert held["/components/web.atom"] == ["5", "2"]
    assert held["/components/mail.atom"] == ["3"]
    assert held["/components/old.atom"] == ["4"]
    assert held["/components/core.atom"] == ["5", "4", "2", "1"]


def test_a_component_without_incidents_and_an_empty_page_have_valid_feeds() -> None:
    found = pages(truth())
    assert set(found) == {
        *("/history.atom", "/history.rss", "/feed.json"),
        *("/components/api.atom", "/components/api.rss", "/components/api/feed.json"),
    }
    assert all(links(page) == [] for page in found.values())


def test_keys_change_with_what_a_feed_says_and_with_nothing_else() -> None:
    one, two = incident(1, slugs=("api",)), incident(2, slugs=("web",))
    both = (component("api"), component("web"))
    before = keys(truth(one, two, components=both))
    assert keys(truth(one, two, components=both)) == before

    grown = incident(2, update(1), update(2, Stage.RESOLVED), slugs=("web",))
    after = keys(truth(one, grown, components=both))
    moved = {path for path in before if before[path] != after[path]}
    assert {path.split("/")[2].split(".")[0] for path in moved} == {"code00000002", "web"}

    calm = (component("api", level=Level.MAJOR_OUTAGE, description="Another."), component("web"))
    assert keys(truth(one, two, components=calm, updated_at=START, time_zone="Asia/Tokyo")) == before
    renamed = keys(truth(one, two, components=both, name="Other"))
    assert all(renamed[path] != key for path, key in before.items())


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Another"},
        {"impact": Impact.CRITICAL},
        {"is_example": True},
        {"updates": (update(1, body="Amended."),)},
        {"updates": (update(1, next_update_due_at=START),)},
        {"affected": ()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_changes_the_bytes_changes_the_key(changed: dict[str, Any]) -> None:
    before, after = truth(incident(1)), truth(replace(incident(1), **changed))
    path = "/incidents/code00000001/feed.json"
    assert pages(before)[path].body != pages(after)[path].body
    assert keys(before)[path] != keys(after)[path]


def test_example_incidents_carry_a_category_and_their_own_title() -> None:
    found = pages(truth(incident(1, is_example=True)))
    for path in ("/history.atom", "/history.rss"):
        entry = parsed(found[path]).entries[0]
        assert (entry.title, [tag.term for tag in entry.tags]) == ("Trouble 1", ["example"])


@pytest.mark.django_db
def test_played_through_the_actions_ids_last_and_times_never_run_back(settings: Any) -> None:
    settings.SITE_URL = URL
    api = make_component("API")
    row = open_incident(api, now=utc("2026-06-23 14:52"))
    story = [pages(snapshot.build())]
    # The second update comes from a server whose clock was set back.
    post_update(row, "investigating", now=utc("2026-06-23 14:40"))
    story.append(pages(snapshot.build()))
    post_update(row, "resolved", now=utc("2026-06-23 15:10"))
    story.append(pages(snapshot.build()))
    first = row.updates.get(sequence=1)
    amending.amend_update(
        actor=MARIA, update_id=first.pk, body="We *were* looking.", reason="Tense", now=utc("2026-06-23 15:20")
    )
    story.append(pages(snapshot.build()))
    actions.reopen_incident(actor=MARIA, incident_id=row.pk, body="It is back.", now=utc("2026-06-23 15:30"))
    story.append(pages(snapshot.build()))

    history = [parsed(step["/history.atom"]).entries[0] for step in story]
    assert {entry.id for entry in history} == {f"tag:status.example.com,2005:Incident/{row.pk}"}
    assert [entry.updated[11:16] for entry in history] == ["14:52", "14:52", "15:10", "15:20", "15:30"]
    assert [entry.published[11:16] for entry in history] == ["14:52", "14:52", "15:10", "15:10", "15:30"]
    labels = re.findall("<strong>(.*?)</strong>", history[-1].content[0].value)
    assert labels == ["Investigating", "Resolved", "Update", "Investigating"]

    for path in (f"/incidents/{row.code}.atom", f"/components/{api.slug}.atom"):
        ids = [[entry.id for entry in parsed(step[path]).entries] for step in story]
        assert ids[-1] == [f"tag:status.example.com,2005:IncidentUpdate/{row.pk}/{n}" for n in (4, 3, 2, 1)]
        assert [len(found) for found in ids] == [1, 2, 3, 3, 4]
        assert all(after[-len(before) :] == before for before, after in pairwise(ids))
    amended = json.loads(story[-1]["/feed.json"].body)["items"][-1]
    assert amended["content_html"] == "<p>We <em>were</em> looking.</p>"
    assert amended["date_modified"] == "2026-06-23T15:20:00Z"


@pytest.mark.django_db
def test_nothing_internal_stands_in_any_feed() -> None:
    canary = colleague("CANARY")
    row = open_incident(make_component("API", actor=canary), actor=canary, body="We look.", key="CANARY")
    first = row.updates.get()
    amending.amend_update(actor=canary, update_id=first.pk, body="We looked.", reason="Tense")
    amending.state_milestone(actor=canary, incident_id=row.pk, milestone="detected", at=START, reason="Alert")
    make_subscriber("canary@example.org", actor=canary)
    found = pages(snapshot.build())
    assert len(found) == 3 + 2 * len(feeds.FORMATS)
    assert all(b"canary" not in page.body.lower() for page in found.values())
    assert b"We looked." in found["/feed.json"].body


# --- maintenance ----------------------------------------------------------------------------------------------------


def maintenance(number: int, *told: UpdateView, **given: Any) -> IncidentView:
    """On 16 January 2024, 12:00 to 16:00 UTC, announced on the 8th."""
    told = told or (update(1, Stage.SCHEDULED, posted_at=utc("2024-01-08 16:20")),)
    window = WindowView(utc("2024-01-16 12:00"), utc("2024-01-16 16:00"))
    return incident(
        number,
        *told,
        **{
            "kind": Kind.MAINTENANCE,
            "impact": Impact.MAINTENANCE,
            "title": "Router maintenance",
            "window": window,
            "is_open": told[-1].stage != Stage.COMPLETED,
            "started_at": window.scheduled_for,
            **given,
        },
    )


def test_an_item_of_maintenance_to_come_is_that_of_a_captured_feed() -> None:
    sample = (Path(__file__).parent.parent / "data" / "govuk-scheduled.rss").read_text()
    [wanted] = re.findall("<item>.*</item>", sample, re.DOTALL)
    text = "Hello,\n\nWe plan to do some maintenance work."
    row = maintenance(
        1,
        update(1, Stage.SCHEDULED, text, posted_at=utc("2024-01-08 16:20")),
        code="cnntrg2j816c",
        title=re.findall("<title>(.*)</title>", wanted)[0],
    )
    host = "https://status.publishing.service.gov.uk"
    given = truth(row, url=host, time_zone="Europe/London", name="GOV.UK")
    body = pages(given)["/history.rss"].body.decode()
    [found] = re.findall("<item>.*</item>", body, re.DOTALL)
    # Since 2026 the dialect puts spaces around the parts of an update; the capture is older.
    spaces = re.compile(r"(?<=&gt;) +(?=&lt;(?:strong|small))| (?=&lt;/p)")
    assert spaces.sub("", found) == wanted


@pytest.mark.parametrize(
    ("zone", "until", "expected"),
    [
        ("Europe/London", "2024-01-16 16:00", "Jan 16, 12:00 - 16:00 GMT"),
        ("America/New_York", "2024-01-17 04:59", "Jan 16, 07:00 - 23:59 EST"),
        ("America/New_York", "2024-01-17 05:00", "Jan 16, 07:00 EST &nbsp;-&nbsp; Jan 17, 00:00 EST"),
        ("Etc/UTC", "2024-02-05 06:00", "Jan 16, 12:00 UTC &nbsp;-&nbsp; Feb 5, 06:00 UTC"),
    ],
)
def test_the_scheduled_event_is_said_in_the_zone_of_the_page_on_one_day_or_two(
    zone: str, until: str, expected: str
) -> None:
    row = maintenance(1, window=WindowView(utc("2024-01-16 12:00"), utc(until)))
    html = parsed(pages(truth(row, time_zone=zone))["/history.atom"]).entries[0].content[0].value
    prefix = re.match("<p><strong>THIS IS A SCHEDULED EVENT (.*?)</strong></p><p> <small>Jan", html)
    assert prefix
    assert re.sub("<[^>]+>", "", prefix[1]) == expected


def test_maintenance_to_come_is_first_and_takes_its_place_when_the_work_begins() -> None:
    later = replace(maintenance(2), window=WindowView(utc("2027-01-16 12:00"), utc("2027-01-16 16:00")))
    old = incident(3, update(1, posted_at=utc("2024-01-12 10:00")))
    told = (
        update(1, Stage.SCHEDULED, posted_at=utc("2024-01-08 16:20")),
        update(2, Stage.IN_PROGRESS, posted_at=utc("2024-01-16 12:00")),
        update(3, Stage.VERIFYING, posted_at=utc("2024-01-16 15:00")),
        update(4, Stage.COMPLETED, posted_at=utc("2024-01-16 15:30")),
    )
    before = pages(truth(old, maintenance(1, *told[:1]), later))
    for path in ("/history.atom", "/history.rss"):
        assert titles(before[path]) == ["Router maintenance", "Router maintenance", "Trouble 3"]
    assert [entry.published for entry in parsed(before["/history.atom"]).entries][:2] == [
        "2027-01-16T12:00:00Z", "2024-01-16T12:00:00Z",
    ]  # fmt: skip
    assert before["/history.rss"].body.count(b"<maintenanceEndDate>") == 2

    after = pages(truth(old, maintenance(1, *told)))
    entry = parsed(after["/history.atom"]).entries[0]
    assert entry.published == "2024-01-16T15:30:00Z"
    assert "SCHEDULED EVENT" not in entry.content[0].value
    assert b"maintenanceEndDate" not in after["/history.rss"].body
    labels = re.findall("<strong>(.*?)</strong>", entry.content[0].value)
    assert labels == ["Completed", "Verifying", "In progress", "Scheduled"]


def test_among_more_than_25_the_maintenance_furthest_ahead_is_kept() -> None:
    many = [incident(n, update(1, posted_at=START + timedelta(hours=n))) for n in range(1, 31)]
    ahead = maintenance(31, window=WindowView(utc("2027-01-16 12:00"), utc("2027-01-16 16:00")))
    found = titles(pages(truth(*many, ahead))["/history.atom"])
    assert (len(found), found[0]) == (25, "Router maintenance")


def test_other_feeds_announce_each_update_of_maintenance_and_say_kind_and_window() -> None:
    told = (
        update(1, Stage.SCHEDULED, posted_at=utc("2024-01-08 16:20")),
        update(2, Stage.COMPLETED, "Not today.", posted_at=utc("2024-01-09 10:00")),
    )
    found = pages(truth(maintenance(1, *told, is_cancelled=True)))
    newest, first = json.loads(found["/feed.json"].body)["items"]
    assert (newest["title"], first["title"]) == ("Cancelled: Router maintenance", "Scheduled: Router maintenance")
    assert first["date_published"] == "2024-01-08T16:20:00Z"
    assert first["_candor"]["kind"] == "maintenance"
    assert first["_candor"]["window"] == {
        "scheduled_for": "2024-01-16T12:00:00Z",
        "scheduled_until": "2024-01-16T16:00:00Z",
    }
    assert b"maintenanceEndDate" not in found["/incidents/code00000001.rss"].body
    assert "SCHEDULED EVENT" not in found["/history.rss"].body.decode(), "it was cancelled"
