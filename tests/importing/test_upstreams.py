"""What is understood of an upstream's answer, and that nothing in it does harm."""

from __future__ import annotations

import json
from calendar import timegm
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from incidents.domain.status import Level
from incidents.domain.upstream import Failed, Gone, Reading, Unchanged, UpstreamIncident
from incidents.importing import upstreams
from incidents.importing.sandbox import FeedEntry, ParsedFeed
from incidents.models import Upstream
from tests.archive_world import pages_at
from tests.factories import utc
from tests.sink import sink
from tests.upstream_world import an_upstream, incident, noted, summary

NOW = utc("2026-06-23 14:02")
SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def server(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with sink() as told:
        yield told


def read(url: str, kind: str = "statuspage", **values):
    return upstreams.read(Upstream(kind=kind, url=url, **values), NOW)


def reading(body: bytes, server) -> Reading:
    outcome = read(server.say("/s.json", body))
    assert isinstance(outcome, Reading), outcome
    return outcome


@pytest.mark.parametrize(
    ("indicator", "level"),
    [
        ("none", Level.OPERATIONAL),
        ("minor", Level.DEGRADED_PERFORMANCE),
        ("major", Level.PARTIAL_OUTAGE),
        ("critical", Level.MAJOR_OUTAGE),
        ("maintenance", Level.UNDER_MAINTENANCE),
    ],
)
def test_the_level_is_that_of_their_indicator(server, indicator, level):
    told = reading(summary(indicator, "As it is"), server)
    assert (told.level, told.words, told.incidents) == (level, "As it is", ())


def test_a_whole_body_of_a_large_site_is_read(server):
    body = (SAMPLES / "claude-summary-2026-10-07.json").read_bytes()
    told = reading(body, server)
    whole = json.loads(body)
    assert told.words == whole["status"]["description"]
    assert [row.name for row in told.incidents] == [row["name"] for row in whole["incidents"]][:5]


def test_the_lean_variant_without_incidents_or_indicator_is_read_by_its_components(server):
    rows = [{"id": "1", "name": "A", "status": "operational"}, {"id": "2", "name": "B", "status": "partial_outage"}]
    assert reading(json.dumps({"components": rows}).encode(), server).level == Level.PARTIAL_OUTAGE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"status": []}',
        b'{"status": {"indicator": 7}, "components": {"a": 1}}',
        b'{"status": {"indicator": "fine"}, "components": [{"status": ["x"]}, 5]}',
        b"[" * 200_000,
        b'{"status": {"indicator": "\xff"}}',
    ],
)
def test_feed_import_15_what_is_not_understood_is_no_answer_and_never_operational(server, body):
    assert isinstance(read(server.say("/s.json", body)), Failed)


def test_incidents_are_clean_text_with_a_web_address_and_a_time_that_is_past(server):
    hostile = [
        incident("<script>alert(1)</script>\x1b[31m\x00 red\n", shortlink="javascript:alert(1)"),
        incident("x" * 5000, started_at="2099-01-01T00:00:00Z"),
        incident("Two", shortlink="https://ok.example/a b", started_at="yesterday-ish"),
        incident("Three", status="resolved"),
        incident("", started_at=5),
        {"name": ["list"]},
        "text",
        incident("Four", shortlink='https://a.example/"><b>', started_at="2026-06-23T10:00:00"),
    ]
    told = reading(summary("minor", "w\u202ew\r\n" + "x" * 900, incidents=hostile), server)
    assert told.incidents[0].name == "<script>alert(1)</script> red"
    assert told.incidents[0].url == ""
    assert len(told.incidents[1].name) == 200
    assert told.incidents[1].since == NOW
    assert told.incidents[2] == UpstreamIncident("Two", "", None)
    assert {row.name for row in told.incidents} & {"Three", "", "list"} == set()
    assert len(told.words) == 200
    assert "\u202e" not in told.words
    assert "\n" not in told.words


def test_the_validators_go_along_and_an_unchanged_answer_says_so(server):
    server.say("/s.json", summary(), ETag='"one"', Last_Modified="Tue, 23 Jun 2026 14:00:00 GMT")
    told = read(server.url + "/s.json")
    assert (told.etag, told.last_modified) == ('"one"', "Tue, 23 Jun 2026 14:00:00 GMT")
    server.say("/s.json", status="304 Not Modified")
    assert read(server.url + "/s.json", etag=told.etag, last_modified=told.last_modified) == Unchanged()
    assert 'If-None-Match: "one"' in server.requests[-1]
    assert "If-Modified-Since: Tue, 23 Jun 2026 14:00:00 GMT" in server.requests[-1]


def test_feed_import_27_a_broken_validator_is_not_kept(server):
    server.do("/s.json", lambda used: used.sendall(b'HTTP/1.1 200 OK\r\nETag: "\xc3\xa9\x01"\r\n\r\n' + summary()))
    assert read(server.url + "/s.json").etag == ""


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "429 Too Many Requests"])
def test_feed_import_16_other_statuses_are_failures_with_their_number(server, status):
    outcome = read(server.say("/s.json", summary(), status=status))
    assert isinstance(outcome, Failed)
    assert status[:3] in outcome.sentence


def test_feed_import_16_what_is_gone_is_gone(server):
    assert isinstance(read(server.say("/s.json", status="410 Gone")), Gone)


def test_an_address_that_turned_private_is_a_failure(server, settings):
    settings.FETCH_ALLOWED_NETWORKS = []
    outcome = read("http://127.0.0.1/s.json")
    assert isinstance(outcome, Failed)
    assert "private" in outcome.sentence
    assert server.requests == []


# Feeds


@pytest.fixture
def parsed_here(monkeypatch):
    """Parse in this process: the reader in a child has tests of its own."""

    def at(value):
        return datetime.fromtimestamp(timegm(value), UTC) if value else None

    def parse(body: bytes, content_type: str = "", *, limit: int = 100, now: datetime | None = None) -> ParsedFeed:
        found = feedparser.parse(body)
        return ParsedFeed(
            "",
            tuple(
                FeedEntry(
                    id=row.get("id", ""), title=row.get("title", ""), link=row.get("link", ""),
                    html=row.get("summary", ""), published_at=at(row.get("published_parsed")),
                    updated_at=at(dict.get(row, "updated_parsed")),
                )
                for row in found.entries[:limit]
            ),
        )  # fmt: skip

    monkeypatch.setattr(upstreams, "parse_feed", parse)


def item(
    title: str, text: str, at: str = "Tue, 23 Jun 2026 13:00:00 GMT", guid: str = "", link: str = "https://p.example/1"
):
    date = f"<pubDate>{at}</pubDate>" if at else ""
    safe = text.replace("<", "&lt;")
    return (
        f"<item><title>{title}</title><description>{safe}</description><guid>{guid or title}</guid>"
        f"<link>{link}</link>{date}</item>"
    )


def feed(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


def names(server, *items: str, **values) -> list[str]:
    outcome = read(server.say("/f.rss", feed(*items), Content_Type="application/rss+xml"), "feed", **values)
    assert isinstance(outcome, Reading), outcome
    assert outcome.level is None
    return [row.name for row in outcome.incidents]


OPEN = "<p><small>13:00</small><br /><strong>Investigating</strong> - We look.</p>"
OVER = "<p><strong>Resolved</strong> - Done.</p>" + OPEN


def test_of_a_feed_the_recent_entries_that_are_not_over_are_trouble(server, parsed_here):
    assert names(
        server,
        item("Errors", OPEN),
        item("Yesterday", OPEN, at="Mon, 22 Jun 2026 14:00:00 GMT"),
        item("Mended", OVER),
        item("Planned", "<strong>Scheduled</strong> - Later."),
        item("[RESOLVED] API errors", "We have recovered."),
        item("Service is operating normally: errors", "Details."),
        item("Slow disks", "Resolved: disks are quick again."),
        item("Login", "<b>Status: Monitoring</b> A fix is in. It will be resolved soon."),
    ) == ["Errors", "Login"]


def test_a_feed_without_trouble_says_nothing_of_a_level(server, parsed_here):
    assert names(server) == []


def test_an_empty_feed_body_is_no_answer(server):
    assert isinstance(read(server.say("/f.rss", b""), "feed"), Failed)


def test_feed_import_18_19_and_21_a_title_is_text_a_link_is_http_and_no_time_is_ahead(server, parsed_here):
    body = feed(
        item(
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            OPEN,
            at="Thu, 01 Jan 2099 00:00:00 GMT",
            link="javascript:alert(1)",
        )
    )
    outcome = read(server.say("/f.rss", body), "feed")
    assert outcome.incidents == (UpstreamIncident("<script>alert(1)</script>", "", NOW),)


def test_feed_import_22_an_entry_without_a_date_counts_from_when_it_was_first_seen(server, parsed_here):
    url = server.say("/f.rss", feed(item("Undated", OPEN, at="yesterday-ish", guid="g1")))
    first = read(url, "feed")
    assert first.incidents == (UpstreamIncident("Undated", "https://p.example/1", NOW),)
    assert first.seen == {"g1": NOW.isoformat()}
    earlier = (NOW - timedelta(hours=25)).isoformat()
    assert read(url, "feed", seen={"g1": earlier, "gone": earlier}).incidents == ()
    assert read(url, "feed", seen={"g1": earlier, "gone": earlier}).seen == {"g1": earlier}


def test_feed_import_23_of_two_entries_with_one_guid_the_newer_counts(server, parsed_here):
    assert names(server, item("Errors, mended", OVER, guid="g"), item("Errors", OPEN, guid="g")) == []


def test_feed_import_01_what_the_reader_of_feeds_refuses_is_no_answer(server):
    bomb = b'<!DOCTYPE l [<!ENTITY a "lol">]><rss version="2.0"><channel><title>&a;</title></channel></rss>'
    outcome = read(server.say("/f.rss", bomb), "feed")
    assert isinstance(outcome, Failed)
    assert outcome.sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "now", "found"),
    [
        ("claude-history-2026-10-07-trimmed.rss", "2026-10-07 20:00", ["Elevated errors on platform.claude.com"]),
        ("claude-history-2026-10-07-trimmed.rss", "2026-10-09 20:00", []),
        ("github-history-2022-06-11.atom", "2022-06-11 12:00", []),
    ],
)
def test_the_history_of_a_large_site_is_read_by_the_reader_in_a_child(server, name, now, found):
    url = server.say("/f", (SAMPLES / name).read_bytes())
    outcome = upstreams.read(Upstream(kind="feed", url=url), utc(now))
    assert isinstance(outcome, Reading), outcome
    assert [row.name for row in outcome.incidents] == found


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ({"shortlink": "https://c.example/\ud800"}, UpstreamIncident("A", "", utc("2026-06-23 13:55"))),
        ({"shortlink": "https://c.example/\u202ex"}, UpstreamIncident("A", "", utc("2026-06-23 13:55"))),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, UpstreamIncident("A", "https://stspg.io/x", None)),
        ({"started_at": "9999-12-31T23:59:59-14:00"}, UpstreamIncident("A", "https://stspg.io/x", NOW)),
        ({"name": "A\ud800"}, UpstreamIncident("A", "https://stspg.io/x", utc("2026-06-23 13:55"))),
    ],
)
@pytest.mark.django_db
def test_nothing_that_a_provider_says_keeps_our_page_from_being_published(server, tmp_path, settings, odd, kept):
    told = reading(summary("major", incidents=[incident(**({"name": "A"} | odd))]), server)
    assert told.incidents == (kept,)
    noted(an_upstream(), told, NOW)
    assert b">A<" in pages_at(tmp_path, NOW, settings)["/"]
