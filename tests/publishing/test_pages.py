"""The public pages as bytes: what they say, what they never say, how small they are."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import process_time

import brotli  # type: ignore[import-untyped]
import pytest

from incidents.actions import amending
from incidents.actions import component as component_actions
from incidents.actions import ledger as ledger_actions
from incidents.actions.refusals import Refused
from incidents.domain.status import Level
from incidents.models import Component, ImpactInterval, UpdateTemplate
from incidents.publishing import bars, csp, pages, snapshot
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page, file_of
from tests.factories import (
    MARIA,
    colleague,
    make_component,
    make_region,
    make_subscriber,
    open_incident,
    post_update,
    utc,
)
from tests.publishing.page_world import (
    Reading,
    add_past,
    all_pages,
    open_the_incident,
    resolve,
    set_status,
    ten_components,
    text_of,
    truth_at,
)
from tests.upstream_world import WELL, an_upstream

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
WINDOW = 14 * 1024  # what a server may send before the first acknowledgement: ten segments (RFC 6928)
CANARY = "CANARY-7f3a"


def front(truth: Snapshot) -> Page:
    return next(page for page in pages.hot(truth) if page.path == "/")


def assert_sound(found: dict[str, Page]) -> None:
    for page in found.values():
        read = Reading(page)
        assert len(read.ids) == len(set(read.ids)), page.path
        assert read.headings[0] == 1, page.path
        assert read.headings.count(1) == 1, page.path
        assert all(after <= before + 1 for before, after in zip(read.headings, read.headings[1:], strict=False))
        assert file_of(page.path)


# --- size -----------------------------------------------------------------------------------------------------------


def test_the_front_page_with_ten_components_an_open_incident_and_three_upstreams_fits_one_congestion_window():
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    truth = truth_at("15:10")
    assert len(truth.leaves) == 10
    assert sum(len(bars.troubled_days(leaf, "UTC")) for leaf in truth.leaves) >= 40
    for name in ("Cloud", "Mail", "Payments"):
        an_upstream(name, WELL, utc("2026-06-23 15:09"))
    body = front(truth_at("15:10")).body
    assert body.count(b"All Systems Operational") == 3
    sizes = {"gzip": len(gzip.compress(body, 6)), "brotli": len(brotli.compress(body, quality=5))}
    assert max(sizes.values()) <= WINDOW, sizes


def test_the_script_is_at_most_two_kilobytes_compressed():
    script = csp.script().encode()
    assert len(gzip.compress(script, 6)) <= 2048
    assert len(brotli.compress(script, quality=5)) <= 2048


# --- safety ---------------------------------------------------------------------------------------------------------


def test_nothing_internal_is_in_any_byte():
    author = colleague(f"{CANARY}-author")
    api = make_component()
    incident = open_incident(api, actor=author, now=utc("2026-06-23 14:52"))
    update = post_update(incident, actor=author, now=utc("2026-06-23 15:10"))
    amending.amend_update(
        actor=author, update_id=update.pk, body="Better.", reason="Clearer.", now=utc("2026-06-23 15:12")
    )
    amending.state_milestone(
        actor=author, incident_id=incident.pk, milestone="detected", at=utc("2026-06-23 14:31"),
        reason="From the alert.", now=utc("2026-06-23 15:13"),
    )  # fmt: skip
    ledger_actions.correct_interval(
        actor=author, interval_id=ImpactInterval.objects.get().pk, level=Level.PARTIAL_OUTAGE,
        started_at=utc("2026-06-23 14:40"), ended_at=None, reason="It was partial.", now=utc("2026-06-23 15:14"),
    )  # fmt: skip
    before = {path: page.body for path, page in all_pages(truth_at("15:20")).items()}
    ImpactInterval.objects.update(note=f"{CANARY}-note", superseded_by_label=f"{CANARY}-label")
    UpdateTemplate.objects.create(name=f"{CANARY}-name", stage="identified", body=f"{CANARY}-body")
    make_subscriber(f"{CANARY}@example.org", now=utc("2026-06-23 15:14"))
    after = {path: page.body for path, page in all_pages(truth_at("15:20")).items()}
    assert after == before
    assert not [path for path, body in after.items() if CANARY.encode() in body]


def test_the_policy_of_each_page_allows_exactly_its_own_style_and_script():
    open_the_incident(ten_components())
    for page in all_pages(truth_at("15:10")).values():
        read = Reading(page)
        policy = dict(page.headers)["Content-Security-Policy"]
        assert policy == pages.csp(is_front=page.path == "/")
        for directive, element in (("style-src", "style"), ("script-src", "script")):
            digest = base64.b64encode(hashlib.sha256(read.raw[element].encode()).digest()).decode()
            assert f"{directive} 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_no_page_has_a_style_attribute_an_event_handler_or_anything_to_fetch():
    open_the_incident(ten_components())
    for page in all_pages(truth_at("15:10")).values():
        for tag, name, value in Reading(page).attributes:
            assert name != "style", page.path
            assert not name.startswith("on"), page.path
            assert name not in ("src", "srcset", "background", "poster"), (page.path, tag)
            if tag in ("use", "link") and name == "href" and not value.startswith("#"):
                assert tag == "link", page.path
        links = re.findall(rb'<link rel="([a-z ]+)"[^>]* href="([^"]*)"', page.body)
        assert all(rel in (b"canonical", b"alternate") or href.startswith(b"data:") for rel, href in links), page.path


@pytest.mark.parametrize("group", ["text_unicode_xml", "markdown"])
def test_hostile_texts_are_printed_and_break_nothing(group):
    api = make_component()
    for case in next(row for row in GROUPS if row["group"] == group)["cases"]:
        text = case["input"]
        if not isinstance(text, str) or len(text) > 2000:
            continue
        with suppress(Refused):
            open_incident(api, level=Level.DEGRADED_PERFORMANCE, title=text[:200], body=text, advice=text)
    found = all_pages(snapshot.build())
    assert len(found) > 10
    for page in found.values():
        assert page.body.count(b"<script") == 1
        assert not [row for row in Reading(page).attributes if row[1].startswith("on") or row[1] == "style"]


def test_names_that_people_typed_are_escaped_and_isolated_wherever_they_stand():
    api = make_component('<b>"A&B"</b> {0} %s')
    open_incident(api, title='</title><script>alert(1)</script> "x" {0} %s', now=utc("2026-06-23 14:52"))
    for page in all_pages(truth_at("15:10")).values():
        assert b"<b>&quot;" not in page.body
        assert b"<script>alert" not in page.body
        Reading(page)
    assert b"Affected: <bdi>&lt;b&gt;&quot;A&amp;B&quot;&lt;/b&gt; {0} %s</bdi>." in front(truth_at("15:10")).body


# --- the front page -------------------------------------------------------------------------------------------------


def test_the_front_page_answers_what_is_broken_since_when_and_when_the_next_word_comes():
    open_the_incident(ten_components())
    said = text_of(front(truth_at("15:10")))
    assert "Major System Outage Affected: Claude.ai, Claude Code and 8 more." in said
    assert "Started 14:30 UTC · 22 min before the first post" in said
    assert "Investigating 14:52 UTC We are seeing increased error rates across all Claude services" in said
    assert "Next update by 15:30 UTC" in said
    assert "What you can do Requests that fail with HTTP 500 can be retried; use exponential back-off." in said
    assert "Mobile apps (all 3)" in said
    assert "Last changed 23 Jun 2026, 14:52:00 UTC" in said


def test_a_missed_promise_is_called_overdue():
    incident = open_the_incident(ten_components())
    assert "Next update overdue since 15:30 UTC" in text_of(front(truth_at("15:34")))
    page = all_pages(truth_at("15:34"))[f"/incidents/{incident.code}"]
    assert "Next update overdue since 23 Jun 2026, 15:30 UTC" in text_of(page)


def test_an_open_incident_is_never_under_a_banner_that_says_all_is_well():
    make_component()
    open_incident(title="Odd invoices", now=utc("2026-06-23 14:52"))
    page = front(truth_at("15:10"))
    assert "1 open incident No component is marked as affected now." in text_of(page)
    assert b'class="banner ok' not in page.body
    assert b'class="banner notice page-status status-none"' in page.body


def test_an_empty_installation_says_what_will_appear_and_is_not_green():
    found = all_pages(truth_at("15:10"))
    assert_sound(found)
    assert "Nothing is listed here yet Components will appear here once they are added." in text_of(found["/"])
    assert b"banner ok" not in found["/"].body
    assert "/history/2026-06" in found


def test_a_quiet_day_says_so_on_each_of_fourteen_days():
    make_component(now=utc("2026-01-01 00:00"))
    page = front(truth_at("15:10"))
    assert "All Systems Operational" in text_of(page)
    assert page.body.count(b"No incidents.") == 14
    assert b"status-day" in page.body


def test_an_incident_over_midnight_is_told_on_the_days_that_it_went_on():
    incident = open_incident(make_component(), started_at=utc("2026-06-21 22:00"), now=utc("2026-06-21 22:10"))
    post_update(incident, "resolved", now=utc("2026-06-22 03:00"))
    said = text_of(front(truth_at("15:10")))
    assert "22 Jun 2026 Continued: Errors" in said
    assert "23 Jun 2026 No incidents." in said
    assert said.count("No incidents.") == 12


def test_five_open_incidents_stand_with_the_worst_first():
    levels = [Level.DEGRADED_PERFORMANCE, Level.MAJOR_OUTAGE, Level.PARTIAL_OUTAGE]
    for number in range(5):
        component = make_component(f"Component {number}")
        open_incident(component, level=levels[number % 3], title=f"Trouble {number}", now=utc("2026-06-23 14:52"))
    page = front(truth_at("15:10"))
    assert_sound({"/": page})
    cards = re.findall(r'<article.*?"incident-title[^>]*><a[^>]*><bdi>(.*?)</bdi>', page.body.decode(), re.DOTALL)
    assert len(cards) == 5
    assert cards[0] in ("Trouble 1", "Trouble 4")
    assert set(cards[-2:]) == {"Trouble 0", "Trouble 3"}


def test_a_component_hidden_unless_degraded_shows_only_in_trouble():
    hidden = make_component("Fallback", is_hidden_unless_degraded=True, now=utc("2026-01-01 00:00"))
    make_component(now=utc("2026-01-01 00:00"))
    assert b"Fallback" not in front(truth_at("15:10")).body
    set_status(hidden, Level.PARTIAL_OUTAGE, utc("2026-06-23 15:00"))
    assert b"Fallback" in front(truth_at("15:10")).body


def test_regions_have_rows_only_where_they_differ():
    east, west = make_region("east", name="East"), make_region("west", name="West")
    api = make_component(region_ids=[east.pk, west.pk], now=utc("2026-01-01 00:00"))
    assert b"East" not in front(truth_at("15:10")).body
    component_actions.set_component_status(
        actor=MARIA, component_id=api.pk, level=Level.MAJOR_OUTAGE, region_ids=(east.pk,), now=utc("2026-06-23 15:00")
    )
    assert "East Major outage West Operational" in text_of(front(truth_at("15:10")))


def test_programs_that_read_status_pages_find_their_hooks():
    leaves = ten_components()
    open_the_incident(leaves)
    body = front(truth_at("15:10")).body.decode()
    assert 'page-status status-critical"' in body
    assert f'data-component-id="{leaves[0].code}"' in body
    assert 'data-component-status="major_outage"' in body
    assert "component-inner-container status-red" in body
    groups = [*Component.objects.filter(is_group=True)]
    assert all(f'data-component-id="{row.code}"' in body for row in groups)
    assert 'class="button updates-dropdown"' in body
    assert 'class="card unresolved-incident"' in body
    assert 'class="incident-title impact-critical"' in body
    assert "<title>Claude Status</title>" in body
    assert re.search(r'<meta name="issued" content="\d+">', body)


# --- cold pages -----------------------------------------------------------------------------------------------------


def test_an_incident_page_tells_its_updates_changes_edits_and_computed_facts():
    leaves = ten_components()
    incident = open_the_incident(leaves)
    second = post_update(
        incident, "identified", body="The router.", time_note="time chosen", now=utc("2026-06-23 15:05")
    )
    amending.amend_update(
        actor=MARIA, update_id=second.pk, body="The core router.", reason="Which one.", now=utc("2026-06-23 15:09")
    )
    post_update(incident, "monitoring", now=utc("2026-06-23 17:45"))
    resolve(incident, utc("2026-06-23 18:15"))
    page = all_pages(truth_at("19:00"))[f"/incidents/{incident.code}"]
    said = text_of(page)
    assert "23 Jun 2026, 14:30 UTC to 18:15 UTC, 3 h 45 min" in said
    assert "Time to acknowledge 22 min Time to first recovery 3 h 15 min Time to resolve 3 h 45 min" in said
    assert "Trouble began 23 Jun 2026, 14:30 UTC start of the first interval below" in said
    assert "Detected not stated" in said
    assert "Major outage since 14:30 UTC : Claude.ai" in said.replace("UTC:", "UTC :")
    assert "15:05 UTC · time chosen The core router. edited 23 Jun 2026, 15:09 UTC" in said
    assert "reason: Which one. The router." in said
    assert f'id="update-{second.code}"'.encode() in page.body
    assert said.index("Resolved 23 Jun 2026, 18:15 UTC") < said.index("Investigating 23 Jun 2026, 14:52 UTC")
    other = all_pages(truth_at("19:00"))[f"/incidents/{incident.code}/oldest-first"]
    told = text_of(other)
    assert told.index("Investigating 23 Jun 2026, 14:52 UTC") < told.index("Resolved 23 Jun 2026, 18:15 UTC")
    assert f'rel="canonical" href="http://127.0.0.1:8000/incidents/{incident.code}"'.encode() in other.body


def test_an_invented_incident_is_marked_wherever_it_is_told():
    incident = open_incident(make_component(), is_example=True, now=utc("2026-06-23 14:52"))
    found = all_pages(truth_at("15:10"))
    for path in ("/", f"/incidents/{incident.code}", "/history/2026-06"):
        assert "Invented example" in text_of(found[path]), path


def test_a_component_page_states_the_policy_beside_the_percentage():
    api = make_component(start_date=date(2026, 1, 1), now=utc("2026-01-01 00:00"))
    resolve(open_the_incident([api]), utc("2026-06-23 18:15"))
    said = text_of(all_pages(truth_at("19:00"))["/components/api"])
    assert "99.82 % uptime" in said
    assert "a major outage weighs 1, a partial outage 0.3, degraded performance 0; maintenance is left out" in said
    assert "Major outage 23 Jun 2026, 14:30 UTC 23 Jun 2026, 18:15 UTC 3 h 45 min Increased error rates" in said


def test_groups_and_archived_components_have_pages_and_the_feeds_of_a_page_are_announced():
    leaves = ten_components()
    gone = leaves[-1]
    component_actions.archive_component(actor=MARIA, component_id=gone.pk, now=utc("2026-06-01 00:00"))
    found = all_pages(truth_at("15:10"))
    assert "Archived: no longer on the page" in text_of(found[f"/components/{gone.slug}"])
    group = found["/components/mobile-apps"].body.decode()
    for ending in (".atom", ".rss", "/feed.json"):
        assert f'href="http://127.0.0.1:8000/components/mobile-apps{ending}"' in group
    assert 'title="Claude Status History - Atom Feed"' in found["/"].body.decode()


def test_every_month_has_a_page_and_numbered_pages_hold_three_months():
    make_component(start_date=date(2025, 12, 1), now=utc("2025-12-01 00:00"))
    truth = truth_at("15:10")
    found = all_pages(truth)
    months = ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
    assert sorted(path for path in found if path.startswith("/history/")) == [f"/history/{month}" for month in months]
    assert pages.history_addresses(truth) == ["/history", "/history/2026-03", "/history/2025-12"]
    assert "June 2026 0 incidents May 2026 0 incidents" in text_of(found["/history"])


def test_an_unknown_address_has_a_page_with_its_status():
    page = all_pages(truth_at("15:10"))["/404"]
    assert page.status == 404
    assert "There is no such page" in text_of(page)


def test_the_subscribe_form_posts_an_address_choices_and_a_trap():
    leaves = ten_components()
    body = all_pages(truth_at("15:10"))["/subscribe"].body.decode()
    assert '<form class="panel" method="post" action="/subscribe">' in body
    assert re.search(r'name="address"\s+type="email"\s+autocomplete="email"', body)
    assert f'name="components" value="{leaves[0].pk}"' in re.sub(r"\s+", " ", body)
    assert 'name="website"' in body
    assert "csrf" not in body


# --- nothing changes unless what is said does -----------------------------------------------------------------------


def test_bytes_and_keys_stay_while_the_truth_stays():
    leaves = ten_components()
    add_past(leaves)
    resolve(open_the_incident(leaves), utc("2026-06-23 18:15"))
    early, late = truth_at("18:30"), truth_at("23:59")
    assert {path: page.body for path, page in all_pages(early).items()} == {
        path: page.body for path, page in all_pages(late).items()
    }
    assert [page.key for page in pages.cold(early)] == [page.key for page in pages.cold(late)]


def test_an_update_moves_the_keys_of_what_it_touches_and_no_other():
    api, web = make_component(now=utc("2026-01-01 00:00")), make_component("Web", now=utc("2026-01-01 00:00"))
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    past = open_incident(web, now=utc("2026-05-02 10:00"))
    post_update(past, "resolved", now=utc("2026-05-02 11:00"))
    before = {page.path: page.key for page in pages.cold(truth_at("14:53"))}
    post_update(incident, "resolved", now=utc("2026-06-23 14:54"))
    after = {page.path: page.key for page in pages.cold(truth_at("14:55"))}
    moved = {path for path in after if before.get(path) != after[path]}
    assert moved == {
        f"/incidents/{incident.code}",
        f"/incidents/{incident.code}/oldest-first",
        "/components/api",
        "/history/2026-06",
    }


def test_a_promise_falling_due_moves_the_key():
    open_the_incident([make_component(now=utc("2026-01-01 00:00"))])
    before, after = truth_at("15:29"), truth_at("15:31")
    code = before.incidents[0].code
    keys = [{page.path: page.key for page in pages.cold(truth)}[f"/incidents/{code}"] for truth in (before, after)]
    assert keys[0] != keys[1]


# --- extremes -------------------------------------------------------------------------------------------------------


def test_all_pages_are_well_formed_through_the_whole_story():
    leaves = ten_components()
    add_past(leaves)
    assert_sound(all_pages(truth_at("14:40")))
    incident = open_the_incident(leaves)
    assert_sound(all_pages(truth_at("15:10")))
    resolve(incident, utc("2026-06-23 18:15"))
    assert_sound(all_pages(truth_at("19:00")))


def test_a_hundred_components_fold_the_groups_without_trouble():
    ten_components()
    truth = truth_at("15:10")
    group = next(row for row in truth.components if row.is_group)
    children = tuple(
        replace(truth.leaves[0], code=f"c{number}", slug=f"c{number}", name=f"Shard {number}", number=1000 + number)
        for number in range(100)
    )
    broken = replace(group, code="g2", slug="g2", name="Broken", level=Level.MAJOR_OUTAGE, children=children[:2])
    large = replace(truth, components=(replace(group, children=children[2:]), broken))
    found = {page.path: page for page in pages.hot(large)}
    assert_sound(found)
    body = found["/"].body.decode()
    assert body.count("data-component-id") == 100 + 2
    assert re.search(r'<details class="group"\s+id="g-mobile-apps"[^>]*"\s*>', body)
    assert re.search(r'<details class="group"\s+id="g-g2"[^>]*"\s+open>', body)
    assert len(gzip.compress(body.encode(), 6)) < 3 * WINDOW


def test_very_long_and_right_to_left_names_are_kept_whole():
    name = "אבגדה " * 19
    api = make_component(name, description="تجربة " * 40)
    open_incident(api, title="עברית " * 40, body="مرحبا", now=utc("2026-06-23 14:52"))
    found = all_pages(truth_at("15:10"))
    assert_sound(found)
    assert f"<bdi>{name.strip()}</bdi>" in found["/"].body.decode()


def test_rendering_asks_the_database_nothing(django_assert_num_queries):
    open_the_incident(ten_components())
    truth = truth_at("15:10")
    with django_assert_num_queries(0):
        all_pages(truth)


def test_rendering_the_hot_pages_is_quick():
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    pages.hot(truth := truth_at("15:10"))
    begun = process_time()
    pages.hot(truth)
    assert timedelta(seconds=process_time() - begun) < timedelta(milliseconds=400)
