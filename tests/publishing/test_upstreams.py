"""What others say of themselves on the front page: theirs, with its age, never greener than it is known."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from incidents.domain.status import Level
from incidents.domain.upstream import Reading, UpstreamIncident
from incidents.publishing import pages, snapshot
from tests.factories import make_component, utc
from tests.publishing.page_world import all_pages
from tests.upstream_world import BEGIN, WELL, an_upstream, noted

pytestmark = pytest.mark.django_db


def front(now=BEGIN) -> str:
    return next(page for page in pages.hot(snapshot.build(now)) if page.path == "/").body.decode()


def said(html: str) -> str:
    """The section, as one line of text."""
    section = html[html.index('aria-labelledby="upstreams"') :]
    return " ".join(unescape(strip_tags(section[: section.index("</section>")])).split())


def test_what_they_say_stands_as_theirs_with_its_source_and_age():
    errors = UpstreamIncident("Errors in eu-1", "https://stspg.example/1", utc("2026-06-23 13:55"))
    an_upstream(reading=Reading(Level.PARTIAL_OUTAGE, "Partial System Outage", (errors,)))
    html = front()
    shown = said(html)
    assert "Cloud" in shown
    assert "Partial outage" in shown
    assert "They say Partial System Outage since 14:02 UTC; last reached after 14:00 UTC" in shown
    assert "Errors in eu-1 since 13:55 UTC" in shown
    assert 'href="https://status.cloud.example/" rel="external nofollow noopener"' in html
    assert 'href="https://stspg.example/1" rel="external nofollow noopener"' in html


def test_silence_of_a_feed_is_not_painted_green():
    an_upstream(kind="feed", reading=Reading(None, "", ()))
    html = front()
    assert "No trouble reported" in said(html)
    assert '<span class="level notice">' in html
    section = html[html.index('aria-labelledby="upstreams"') :]
    assert 'class="level ok"' not in section[: section.index("</section>")]


def test_trouble_in_a_feed_is_named():
    an_upstream(kind="feed", reading=Reading(None, "", (UpstreamIncident("Login fails", "", None),)))
    assert "Trouble reported" in said(front())
    assert "Login fails" in said(front())


def test_what_is_not_known_is_grey_and_says_since_when():
    an_upstream(reading=WELL)
    an_upstream("New")
    html = front(BEGIN + timedelta(minutes=11))
    assert "Unknown Not reached since 14:02 UTC" in said(html)
    assert "Unknown Not reached yet" in said(html)
    assert "All Systems Operational" not in said(html)
    assert html.count('<span class="level unknown">') == 2


def test_feed_import_18_hostile_text_is_escaped():
    hostile = "<script>alert(1)</script>"
    an_upstream(
        hostile[:90], slug="x", reading=Reading(Level.OPERATIONAL, hostile, (UpstreamIncident(hostile, "", None),))
    )
    html = front()
    assert "alert(1)</script>" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3


def test_the_page_stays_the_same_for_a_quarter_of_an_hour_of_checks():
    reading = WELL
    row = an_upstream(reading=reading)
    before = front()
    for minute in (3, 9, 12):
        noted(row, reading, BEGIN + timedelta(minutes=minute))
        assert front(BEGIN + timedelta(minutes=minute)) == before
    noted(row, reading, BEGIN + timedelta(minutes=13))
    assert "last reached after 14:15" in said(front(BEGIN + timedelta(minutes=13)))


def test_nothing_else_than_the_front_page_changes_by_them():
    make_component()
    truth = snapshot.build(BEGIN)
    before = {path: page.body for path, page in all_pages(truth).items()}
    an_upstream(reading=Reading(Level.MAJOR_OUTAGE, "All down", ()))
    after = {path: page.body for path, page in all_pages(snapshot.build(BEGIN)).items()}
    assert {path for path in after if b"All down" in after[path]} == {"/"}
    assert before.keys() == after.keys()


def test_they_are_read_in_one_query_however_many_there_are():
    for number in range(2):
        an_upstream(f"Cloud {number}", reading=Reading(Level.OPERATIONAL, "Fine", ()))
    with CaptureQueriesContext(connection) as few:
        snapshot.build(BEGIN)
    for number in range(2, 8):
        an_upstream(f"Cloud {number}", reading=Reading(Level.OPERATIONAL, "Fine", ()))
    with CaptureQueriesContext(connection) as many:
        snapshot.build(BEGIN)
    assert len(few) == len(many)
