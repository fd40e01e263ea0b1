"""Feeds of strangers: what is refused before it is parsed, what the child process is stopped at, and what comes out.

Cases are those of `feed_import` in tests/data/bad_inputs.json, by id.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.importing.sandbox import FeedRefused, ParsedFeed, parse_feed
from tests.sink import sink

GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
CASES = {case["id"]: case["expect"] for entry in GROUPS if entry["group"] == "feed_import" for case in entry["cases"]}
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SECRET = "env-canary-7f3a"


def rss(*items: str, head: str = "") -> bytes:
    channel = f"<channel><title>T</title>{''.join(items)}</channel>"
    return f"<?xml version='1.0'?>{head}<rss version='2.0'>{channel}</rss>".encode()


def item(more: str = "", guid: str = "g1", title: str = "Down", text: str = "It is down.") -> str:
    return f"<item><guid>{guid}</guid><title>{title}</title><description>{text}</description>{more}</item>"


def refused(body: bytes, word: str) -> None:
    began = time.monotonic()
    with pytest.raises(FeedRefused, match=word):
        parse_feed(body, now=NOW)
    assert time.monotonic() - began < 30  # the wall of the child, and the start of it on a busy machine


def billion_laughs() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    refused(rss(item(text="&l9;"), head=f'<!DOCTYPE l [<!ENTITY l0 "lol">{ENTITIES}]>'), "DTD")
    assert time.process_time() - began < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def quadratic() -> None:
    refused(rss(item(text="&a;" * 20_000), head=f'<!DOCTYPE l [<!ENTITY a "{"a" * 50_000}">]>'), "DTD")


def from_file() -> None:
    refused(rss(item(text="&x;"), head="<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///proc/self/environ'>]>"), "DTD")


def nobody_is_asked(dtd: str) -> None:
    with sink() as canary:
        canary.say("/x.dtd", b'<!ENTITY x "y">')
        refused(rss(item(), head=dtd.format(canary.url)), "DTD")
        for body in (rss(item()).decode().encode("utf-16"), rss(item())):  # and not by what is read either
            parse_feed(body, now=NOW)
        assert canary.requests == []


def xinclude(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", SECRET)
    body = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///proc/self/environ' parse='text'/>"
    found = parse_feed(rss(item(text=body)), now=NOW)
    assert SECRET not in str(found)
    assert os.environ["PATH"] not in str(found)


def many_attributes() -> None:
    attributes = " ".join(f"a{n}='v'" for n in range(50_000))
    body = rss(f"<item {attributes}><title>T</title></item>")
    refused(body, "2 seconds")


def many_items() -> None:
    dated = [item(f"<pubDate>{day:02} Oct 2026 10:00:00 +0000</pubDate>", guid=f"d{day}") for day in range(1, 31)]
    plain = [f"<item><guid>{n}</guid><title>T</title></item>" for n in range(100_000)]
    began = time.process_time()
    found = parse_feed(rss(*plain[:50_000], *dated, *plain[50_000:]), now=NOW)
    assert len(found.entries) == 100
    assert [entry.id for entry in found.entries[:30]] == [f"d{day}" for day in range(30, 0, -1)]
    assert time.process_time() - began < 2


def deep() -> None:
    body = rss(item(text="<b>" * 100_000 + "</b>" * 100_000))
    try:
        parse_feed(body, now=NOW)
    except FeedRefused as refusal:
        assert "given up" in str(refusal)  # noqa: PT017 - either outcome is fine, a crash is not


def gzip_bomb() -> None:
    refused(gzip.compress(b"\0" * 20_000_000), "not read|no RSS or Atom")


def empty() -> None:
    for body in (b"", b"  \n", b"\xef\xbb\xbf"):
        refused(body, "nothing is known")


def typed_title() -> None:
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>"
        "<title type='text'>&lt;script&gt;alert(1)&lt;/script&gt;</title></entry></feed>"
    )
    assert parse_feed(atom.encode(), now=NOW).entries[0].title == "<script>alert(1)</script>"


def script_link() -> None:
    for href in ("javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:x", "//evil.example/x", "file:///etc/passwd"):
        atom = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><link href='{href}'/></entry></feed>"
        assert parse_feed(atom.encode(), now=NOW).entries[0].link == ""


def future() -> None:
    body = rss(
        item("<pubDate>Thu, 01 Jan 2099 00:00:00 +0000</pubDate>"),
        item("<pubDate>Sun, 01 Nov 2026 11:00:00 +0000</pubDate>", guid="g2"),
    )
    later, sooner = parse_feed(body, now=NOW).entries
    assert later.published_at == NOW
    assert sooner.published_at == datetime(2026, 11, 1, 11, tzinfo=UTC)


def no_date() -> None:
    body = rss(
        item("<pubDate>yesterday-ish</pubDate>"), item("<pubDate>0000-99-99</pubDate>", guid="g2"), item(guid="g3")
    )
    assert [entry.published_at for entry in parse_feed(body, now=NOW).entries] == [None, None, None]


TESTED: dict[str, Callable[..., None]] = {
    "feed_import-01": billion_laughs,
    "feed_import-02": quadratic,
    "feed_import-03": from_file,
    "feed_import-04": lambda: nobody_is_asked("<!DOCTYPE r SYSTEM '{}/x.dtd'>"),
    "feed_import-05": lambda: nobody_is_asked("<!DOCTYPE r [<!ENTITY % p SYSTEM '{}/x.dtd'> %p;]>"),
    "feed_import-06": xinclude,
    "feed_import-07": many_attributes,
    "feed_import-08": many_items,
    "feed_import-09": deep,
    "feed_import-10": gzip_bomb,
    "feed_import-15": empty,
    "feed_import-18": typed_title,
    "feed_import-19": script_link,
    "feed_import-21": future,
    "feed_import-22": no_date,
}


@pytest.mark.parametrize("case", sorted(TESTED))
def test_a_hostile_or_awkward_feed_does_what_is_expected_of_it(case, monkeypatch):
    assert case in CASES
    TESTED[case](monkeypatch) if TESTED[case] is xinclude else TESTED[case]()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"<html><head><title>Status</title></head></html>", "HTML page"),
        (b"<!doctype html><p>x", "HTML page"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "application/json"),
        (b"<opml version='1.0'/>", "no RSS or Atom"),
        (b"<?xml version='1.0' encoding='utf-7'?>+ADwAIQ-DOCTYPE", "utf-7"),
        (b"<?xml version='1.0' encoding='cp037'?><rss/>", "cp037"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><rss version='2.0'/>".encode("utf-16"), "DTD"),
        ("<rss version='2.0'><![CDATA[<!entity a 'b'>]]></rss>".encode("utf-32"), "DTD"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_sentence_that_says_what_it_is(body, word):
    with pytest.raises(FeedRefused, match=word):
        parse_feed(body, "application/json; charset=utf-8", now=NOW)


def test_a_feed_that_takes_more_memory_than_the_child_has_is_given_up():
    refused(rss(item(text="&amp;" + "x" * 40_000_000)), "64 MiB|2 seconds")


def test_an_ordinary_feed_comes_out_newest_first_and_whole():
    found = parse_feed(
        (Path(__file__).parent.parent / "samples" / "claude-history-2026-10-07-trimmed.rss").read_bytes()
    )
    assert isinstance(found, ParsedFeed)
    assert (found.title, found.link) == ("Claude Status - Incident History", "https://status.claude.com")
    newest = found.entries[0]
    assert newest.id == newest.link == "https://status.claude.com/incidents/vmys9qn874h4"
    assert newest.published_at == datetime(2026, 10, 7, 21, 23, 29, tzinfo=UTC)
    assert "<strong>Resolved</strong> - We have identified" in newest.html
    times = [entry.published_at for entry in found.entries if entry.published_at]
    assert times == sorted(times, reverse=True)


def test_the_child_knows_nothing_of_this_installation():
    source = (Path(__file__).parents[2] / "incidents" / "importing" / "feed_child.py").read_text()
    assert "django" not in source.replace("no Django", "")
    assert "import incidents" not in source
    assert "from incidents" not in source
