"""Each format says the same truth in its own words, and no text that anybody typed can take a feed down."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from incidents.domain.markup import render_html, render_text
from incidents.domain.status import Level, Stage
from incidents.publishing import feeds
from incidents.publishing.public import ChangeView
from tests.publishing.feed_truth import (
    START,
    URL,
    check_json_feed,
    component,
    incident,
    pages,
    parsed,
    titles,
    truth,
    update,
)

GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bad_texts() -> list[Any]:
    cases = next(group for group in GROUPS if group["group"] == "text_unicode_xml")["cases"]
    lone_surrogates = [pytest.param("a\ud83db\udc69c", id="lone-surrogates"), pytest.param("a\ufffe\uffffb", id="fffe")]
    return [pytest.param(expanded(case["input"]), id=case["id"]) for case in cases] + lone_surrogates


def expanded(given: str | dict[str, Any]) -> str:
    if isinstance(given, str):
        return given
    return str(given["prefix"] + given["repeat"] * given["count"] + given["suffix"])


@pytest.mark.parametrize("raw", bad_texts())
def test_every_feed_parses_under_any_text_that_slipped_through(raw: str) -> None:
    changes = (ChangeView("api", "api", raw, raw, Level.OPERATIONAL, Level.MAJOR_OUTAGE, START),)
    given = truth(
        incident(7, update(1, body="x", changes=changes), update(2, html=raw, body=raw, time_note=raw), title=raw),
        components=(component("api", name=raw, full_name=raw),),
        name=raw,
    )
    kept = NOT_XML.sub("", raw).replace("\r\n", "\n")
    found = pages(given)
    assert len(found) == 3 + 2 * len(feeds.FORMATS)
    for path, page in found.items():
        if page.content_type.endswith("json"):
            document = json.loads(page.body)
            check_json_feed(document)
            assert document["items"][0]["title"] == f"Investigating: {kept}"
            assert document["items"][0]["content_html"] == kept
        else:
            assert len(parsed(page).entries) == (1 if path.startswith("/history") else 2)
            assert titles(page)[0] == (kept if path.startswith("/history") else f"Investigating: {kept}")


def test_the_history_feeds_are_those_of_the_dialect_to_the_byte() -> None:
    given = truth(
        incident(
            4711,
            update(
                1, posted_at=datetime(2026, 10, 7, 8, 20, 5, tzinfo=UTC), body="It's slow.\nWe look.\n\nMore later."
            ),
            update(2, Stage.RESOLVED, "Done & dusted.", posted_at=datetime(2026, 10, 7, 21, 33, 38, tzinfo=UTC)),
            title="Elevated errors <API> & more",
        ),
        updated_at=datetime(2026, 10, 7, 21, 40, 0, tzinfo=UTC),
    )
    found = pages(given)
    assert found["/history.rss"].content_type == "application/rss+xml; charset=utf-8"
    assert found["/history.rss"].body.decode() == (
        """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel>
    <title>Example Status - Incident History</title>
    <link>https://status.example.com</link>
    <description>Statuspage</description>
    <pubDate>Wed, 07 Oct 2026 21:40:00 +0000</pubDate>
    <item>
      <title>Elevated errors &lt;API&gt; &amp; more</title>
      <description>
&lt;p&gt; &lt;small&gt;Oct &lt;var data-var=&apos;date&apos;&gt; 7&lt;/var&gt;, """
        """&lt;var data-var=&apos;time&apos;&gt;21:33&lt;/var&gt; UTC&lt;/small&gt;&lt;br&gt; """
        """&lt;strong&gt;Resolved&lt;/strong&gt; - Done &amp;amp; dusted. &lt;/p&gt; """
        """&lt;p&gt; &lt;small&gt;Oct &lt;var data-var=&apos;date&apos;&gt; 7&lt;/var&gt;, """
        """&lt;var data-var=&apos;time&apos;&gt;08:20&lt;/var&gt; UTC&lt;/small&gt;&lt;br&gt; """
        """&lt;strong&gt;Investigating&lt;/strong&gt; - It&apos;s slow."""
        """&lt;br /&gt;We look.&lt;br /&gt;&lt;br /&gt;More later. """
        """&lt;/p&gt;      </description>
      <pubDate>Wed, 07 Oct 2026 21:33:38 +0000</pubDate>
      <link>https://status.example.com/incidents/code00004711</link>
      <guid>https://status.example.com/incidents/code00004711</guid>
    </item>
  </channel>
</rss>
"""
    )
    assert found["/history.atom"].content_type == "application/atom+xml; charset=utf-8"
    head, _, tail = found["/history.atom"].body.decode().partition('<content type="html">')
    assert head == (
        """<?xml version="1.0" encoding="UTF-8"?>
<feed xml:lang="en-US" xmlns="http://www.w3.org/2005/Atom">
  <id>tag:status.example.com,2005:/history</id>
  <link rel="alternate" type="text/html" href="https://status.example.com"/>
  <link rel="self" type="application/atom+xml" href="https://status.example.com/history.atom"/>
  <title>Example Status - Incident History</title>
  <updated>2026-10-07T21:40:00Z</updated>
  <author>
    <name>Example</name>
  </author>
  <entry>
    <id>tag:status.example.com,2005:Incident/4711</id>
    <published>2026-10-07T21:33:38Z</published>
    <updated>2026-10-07T21:33:38Z</updated>
    <link rel="alternate" type="text/html" href="https://status.example.com/incidents/code00004711"/>
    <title>Elevated errors &lt;API&gt; &amp; more</title>
    """
    )
    assert tail.startswith("&lt;p&gt; &lt;small&gt;Oct &lt;var data-var='date'&gt; 7&lt;/var&gt;, ")


def test_dialect_times_stand_in_the_zone_of_the_page_by_its_abbreviation_then() -> None:
    winter = update(1, posted_at=datetime(2026, 1, 5, 3, 4, tzinfo=UTC))
    summer = update(2, posted_at=datetime(2026, 7, 15, 3, 4, tzinfo=UTC), is_repeat=True)
    found = pages(truth(incident(1, winter, summer), time_zone="America/Los_Angeles"))
    html = parsed(found["/history.atom"]).entries[0].content[0].value
    assert re.sub("<[^>]+>", "", html) == (
        " Jul 14, 20:04 PDT Update - We look.   Jan  4, 19:04 PST Investigating - We look. "
    )
    assert b"<pubDate>Tue, 14 Jul 2026 20:04:00 -0700</pubDate>" in found["/history.rss"].body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("one", "one </p>"),
        ("one\ntwo\n\nthree", "one<br />two<br /><br />three </p>"),
        ("one\n\n- a\n\nend", "one</p>\n<ul>\n<li>a</li>\n</ul>\n<p>end </p>"),
        ("- a", "</p><ul>\n<li>a</li>\n</ul>"),
        ("one\n\n```\nx\n\ny\n```", "one</p>\n<pre><code>x\n\ny\n</code></pre>"),
    ],
)
def test_markdown_becomes_the_rest_of_the_dialects_paragraph_and_leaves_no_tag_open(body: str, expected: str) -> None:
    html = parsed(pages(truth(incident(1, update(1, body=body))))["/history.rss"]).entries[0].summary
    assert html.strip().partition("</strong> - ")[2] == expected
    ElementTree.fromstring(f"<div>{html.replace('<br>', '<br />')}</div>")


def test_json_feed_says_stage_impact_components_and_the_next_update_in_full() -> None:
    body = "Logins **fail**.\n\n- retry\n- wait"
    due = START + timedelta(hours=1)
    change = ChangeView("c1", "api", "Core - API", "eu", Level.OPERATIONAL, Level.PARTIAL_OUTAGE, START)
    told = update(1, Stage.IDENTIFIED, body, changes=(change,), next_update_due_at=due, time_note="Chosen.")
    item = json.loads(pages(truth(incident(3, told, slugs=("api", "web"), is_example=True)))["/feed.json"].body)
    assert item["title"] == "Example Status - Updates"
    assert item["items"] == [
        {
            "id": "tag:status.example.com,2005:IncidentUpdate/3/1",
            "url": f"{URL}/incidents/code00000003#update-i3u1",
            "title": "Identified: Trouble 3",
            "content_html": render_html(body),
            "content_text": render_text(body),
            "date_published": "2026-06-23T15:02:07Z",
            "tags": ["identified", "major", "api", "web", "example"],
            "_candor": {
                "incident": "code00000003",
                "sequence": 1,
                "stage": "identified",
                "kind": "incident",
                "window": None,
                "impact": "major",
                "is_reopening": False,
                "time_note": "Chosen.",
                "next_update_due_at": "2026-06-23T15:52:07Z",
                "component_changes": [
                    {
                        "component": "api",
                        "code": "c1",
                        "name": "Core - API",
                        "region": "eu",
                        "old_level": "operational",
                        "new_level": "partial_outage",
                        "since": "2026-06-23T14:52:07Z",
                    }
                ],
            },
        }
    ]


def test_the_text_of_an_update_is_the_same_in_every_feed() -> None:
    body = "First & *foremost* <b>not bold</b>.\n\n> quoted\n\nhttps://example.com/?a=b&c=d"
    found = pages(truth(incident(1, update(1, body=body))))
    for stem in ("/incidents/code00000001", "/components/api"):
        assert parsed(found[f"{stem}.atom"]).entries[0].content[0].value == render_html(body)
        assert parsed(found[f"{stem}.rss"]).entries[0].summary == render_html(body)
        assert json.loads(found[f"{stem}/feed.json"].body)["items"][0]["content_html"] == render_html(body)


@pytest.mark.parametrize(("name", "title"), [("Claude", "Claude Status"), ("Acme status", "Acme status")])
def test_a_page_called_status_is_not_called_so_twice(name: str, title: str) -> None:
    assert parsed(pages(truth(name=name))["/history.rss"]).feed.title == f"{title} - Incident History"
