"""Captured history feeds, read into incidents and written again: the same bytes, apart from what is named here."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from incidents.domain.status import Stage
from incidents.publishing.public import IncidentView, UpdateView
from tests.publishing.dialect_world import SAMPLES
from tests.publishing.feed_truth import incident, pages, truth, update

UPDATE = re.compile(
    r"<p> ?<small>(\w+) <var data-var='date'>([ \d]\d)</var>, <var data-var='time'>(\d\d:\d\d)</var> UTC</small>"
    r"<br> ?<strong>([\w ]+)</strong> - (.*?) ?</p>"
)
# Since 2026 the dialect puts spaces around the parts of an update; older captures have none.
SPACES = re.compile(r"(?<=&gt;) +(?=&lt;(?:strong|small|p&gt;))| (?=&lt;/p)")


def incident_of(number: int, code: str, title: str, text: str, at: datetime, updated_at: datetime) -> IncidentView:
    """What an item says, as an incident. `Update` stands for the stage of the update before."""
    told: list[UpdateView] = []
    for month, day, clock, label, body in reversed(UPDATE.findall(text)):
        posted_at = datetime.strptime(f"{at.year} {month} {int(day)} {clock}", "%Y %b %d %H:%M").replace(tzinfo=UTC)
        is_repeat = label == "Update"
        # The oldest update of a trimmed item has none before it.
        stage = (
            (told[-1].stage if told else Stage.INVESTIGATING) if is_repeat else Stage(label.lower().replace(" ", "_"))
        )
        told.append(update(len(told) + 1, stage, posted_at=posted_at, html=f"<p>{body}</p>", is_repeat=is_repeat))
    assert told, text
    told[-1] = update(told[-1].sequence, told[-1].stage, posted_at=at, html=told[-1].html, is_repeat=told[-1].is_repeat)
    return incident(number, *told, code=code, title=html.unescape(title), updated_at=updated_at)


def test_a_captured_rss_of_2026_is_written_again_to_the_byte() -> None:
    sample = (SAMPLES / "claude-history-2026-10-07-trimmed.rss").read_text()
    items = re.findall(
        r"<item>\s+<title>([^<]*)</title>\s+<description>\n(.*?)</description>\s+<pubDate>([^<]*)</pubDate>\s+"
        r"<link>https://status.claude.com/incidents/(\w+)</link>", sample, re.DOTALL,
    )  # fmt: skip
    assert len(items) == sample.count("<item>") > 3
    rows = [
        incident_of(number, code, title, html.unescape(text), parsedate_to_datetime(at), parsedate_to_datetime(at))
        for number, (title, text, at, code) in enumerate(items)
    ]
    changed_at = parsedate_to_datetime("Wed, 07 Oct 2026 21:29:59 +0000")
    given = truth(*rows, url="https://status.claude.com", name="Claude", updated_at=changed_at)
    written = pages(given)["/history.rss"].body.decode()
    # One item of the capture was cut, and its end with it.
    assert re.sub(" *</description>", "</description>", written) == re.sub(" *</description>", "</description>", sample)
    assert written.count("&gt;      </description>") == len(items)


def test_a_captured_atom_of_2022_is_written_again_but_for_the_spaces_of_2026() -> None:
    sample = (SAMPLES / "github-history-2022-06-11.atom").read_text()
    entries = re.findall(
        r"Incident/(\d+)</id>\s+<published>(.*)</published>\s+<updated>(.*)</updated>\s+"
        r'<link rel="alternate" type="text/html" href="https://www.githubstatus.com/incidents/(\w+)"/>\s+'
        r'<title>(.*)</title>\s+<content type="html">(.*)</content>', sample,
    )  # fmt: skip
    assert len(entries) == sample.count("<entry>") == 25
    rows = [
        incident_of(
            int(number), code, title, html.unescape(text), datetime.fromisoformat(at), datetime.fromisoformat(updated)
        )
        for number, at, updated, code, title, text in entries
    ]
    given = truth(
        *rows, url="https://www.githubstatus.com", name="GitHub",
        updated_at=datetime.fromisoformat("2022-06-08T19:23:36+00:00"),
    )  # fmt: skip
    written = pages(given)["/history.atom"].body.decode()
    assert SPACES.sub("", written) == SPACES.sub("", sample)
