"""How a feed is written down: Atom (RFC 4287), RSS 2.0, JSON Feed 1.1, and the item HTML of the Statuspage dialect.

Django's feedgenerator is not used: it cannot put elements in the dialect's order nor write `content` and a bare `guid`,
and it refuses the whole feed for one stray control character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from incidents.domain.instants import to_the_second
from incidents.domain.marking import gettext_noop
from incidents.domain.markup_text import html_to_text
from incidents.domain.status import Impact, Kind
from incidents.publishing.public import IncidentView, PageView, UpdateView, WindowView

# What XML 1.0 (section 2.2) cannot carry in any spelling, entities included. Lone surrogates cannot be encoded at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BETWEEN_PARAGRAPHS = re.compile(r"</p>\s*<p>")
_BREAK = re.compile(r"<br ?/?>\n?")
# Not strftime's: that would follow the locale of the process.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Entry:
    """One entry: of an incident in the history feeds (`update` None), of one update elsewhere. Times aware, UTC.

    `is_ahead`: of a maintenance that has not begun, so that its end is announced with it. `categories` are (scheme,
    term) for what is not an incident, so that no reader takes it for a live one. `guid` names it in RSS where it is not
    the link, `related_urls` are what it is about, and `extension` stands under `_candor` of an entry that is no update.
    """

    id: str
    url: str
    title: str
    html: str
    published_at: datetime
    updated_at: datetime
    tags: tuple[str, ...]
    incident_code: str
    impact: Impact
    update: UpdateView | None = None
    kind: Kind = Kind.INCIDENT
    window: WindowView | None = None
    is_ahead: bool = False
    categories: tuple[tuple[str, str], ...] = ()
    guid: str = ""
    related_urls: tuple[str, ...] = ()
    extension: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Feed:
    """What a feed says, whatever its format. `home_url` is the page that it follows; `zone` is for RFC 822 dates.

    `is_dialect`: written for programs that read Statuspage feeds, so nothing stands in it that they do not know.
    """

    id: str
    title: str
    home_url: str
    author: str
    zone: str
    updated_at: datetime
    entries: tuple[Entry, ...]
    is_dialect: bool = False


def atom(feed: Feed, self_url: str) -> str:
    """The feed as Atom, elements in the order of the Statuspage dialect; times in UTC to the second."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xml:lang="en-US" xmlns="http://www.w3.org/2005/Atom">',
        f"  <id>{escape(feed.id)}</id>",
        f'  <link rel="alternate" type="text/html" href={quoteattr(feed.home_url)}/>',
        f'  <link rel="self" type="application/atom+xml" href={quoteattr(self_url)}/>',
        f"  <title>{escape(feed.title)}</title>",
        f"  <updated>{to_the_second(feed.updated_at)}</updated>",
        f"  <author>\n    <name>{escape(feed.author)}</name>\n  </author>",
    ]
    for entry in feed.entries:
        lines += [
            "  <entry>",
            f"    <id>{escape(entry.id)}</id>",
            f"    <published>{to_the_second(entry.published_at)}</published>",
            f"    <updated>{to_the_second(entry.updated_at)}</updated>",
            f'    <link rel="alternate" type="text/html" href={quoteattr(entry.url)}/>',
            *(f'    <link rel="related" type="text/html" href={quoteattr(url)}/>' for url in entry.related_urls),
            f"    <title>{escape(entry.title)}</title>",
            *(f"    <category term={quoteattr(tag)}/>" for tag in entry.tags),
            *(
                f"    <category scheme={quoteattr(scheme)} term={quoteattr(term)}/>"
                for scheme, term in entry.categories
            ),
            f'    <content type="html">{escape(entry.html)}</content>',
            "  </entry>",
        ]
    return _document([*lines, "</feed>", ""])


def rss(feed: Feed, self_url: str) -> str:
    """The feed as RSS 2.0, as the Statuspage dialect writes it; `guid` is the link."""
    is_self_named = not feed.is_dialect
    # Programs that look elements up by local name take an `atom:link` for the channel's link: none in the dialect.
    atom_space = ' xmlns:atom="http://www.w3.org/2005/Atom"' if is_self_named else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"{atom_space}>',
        "  <channel>",
        f"    <title>{escape(feed.title)}</title>",
        f"    <link>{escape(feed.home_url)}</link>",
        # By this word programs know the dialect; its oldest pages repeat the title here.
        f"    <description>{'Statuspage' if feed.is_dialect else escape(feed.title)}</description>",
        f"    <pubDate>{_mail_date(feed.updated_at, feed.zone)}</pubDate>",
    ]
    if is_self_named:
        lines.append(f'    <atom:link rel="self" type="application/rss+xml" href={quoteattr(self_url)}/>')
    for entry in feed.entries:
        lines += [
            "    <item>",
            f"      <title>{escape(entry.title)}</title>",
            f"      <description>\n{escape(entry.html, {chr(39): '&apos;'})}      </description>",
            f"      <pubDate>{_mail_date(entry.published_at, feed.zone)}</pubDate>",
            *_maintenance_end(entry, feed),
            f"      <link>{escape(entry.url)}</link>",
            _guid(entry),
            *(f"      <category>{escape(tag)}</category>" for tag in entry.tags),
            *(
                f"      <category domain={quoteattr(scheme)}>{escape(term)}</category>"
                for scheme, term in entry.categories
            ),
            "    </item>",
        ]
    return _document([*lines, "  </channel>", "</rss>", ""])


def json_feed(feed: Feed, self_url: str) -> str:
    """The feed as JSON Feed 1.1, one item per update; what the format has no word for stands under `_candor`."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": self_url,
        "language": "en-US",
        "authors": [{"name": feed.author}],
        "items": [_json_item(entry, entry.update) if entry.update else _json_other(entry) for entry in feed.entries],
    }
    return json.dumps(_without_illegal(document), ensure_ascii=False, separators=(",", ":"))


def dialect_html(incident: IncidentView, page: PageView) -> str:
    """All updates of an incident as one text, newest first, in the HTML that Statuspage feeds have had since 2026."""
    zone = ZoneInfo(page.time_zone)
    told = " ".join(_dialect_paragraph(update, zone) for update in incident.updates)
    return _scheduled_paragraph(incident.window, zone) + told if incident.is_upcoming and incident.window else told


# What our own feeds translate of the dialect's words; those of the other stages are the words of the pages.
_REPEATED, _POSTMORTEM = gettext_noop("Update"), gettext_noop("Postmortem")


def label_of(update: UpdateView) -> str:
    """The dialect's word for an update: its stage, or `Update` when the one before it was at the same stage."""
    return _REPEATED if update.is_repeat else update.stage.value.replace("_", " ").capitalize()


def display_time(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """A time, or a span of time, as the dialect marks it up for display, in the zone by its abbreviation."""
    start = start.astimezone(zone)
    if end is None:
        return f"{_day_and_time(start)} {start:%Z}"
    end = end.astimezone(zone)
    if start.date() == end.date():
        return f"{_day_and_time(start)} - <var data-var='time'>{end:%H:%M}</var> {end:%Z}"
    return f"{_day_and_time(start)} {start:%Z} &nbsp;-&nbsp; {_day_and_time(end)} {end:%Z}"


def tag_uri(page: PageView, name: str) -> str:
    """A lasting id (tag URI, RFC 4151) in the dialect's form; the year is when such ids began, not a date of ours."""
    return f"tag:{urlsplit(page.url).hostname},2005:{name}"


def _maintenance_end(entry: Entry, feed: Feed) -> list[str]:
    if not feed.is_dialect or not entry.is_ahead or not entry.window:
        return []
    return [f"      <maintenanceEndDate>{_mail_date(entry.window.scheduled_until, feed.zone)}</maintenanceEndDate>"]


def _scheduled_paragraph(window: WindowView, zone: ZoneInfo) -> str:
    """What the dialect says before all else of a maintenance that has not begun. The day is not padded here."""
    when = display_time(window.scheduled_for, window.scheduled_until, zone)
    return f"<p><strong>THIS IS A SCHEDULED EVENT {when}</strong></p>"


def _day_and_time(at: datetime) -> str:
    return f"{_MONTHS[at.month - 1]} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var>"


def _dialect_paragraph(update: UpdateView, zone: ZoneInfo) -> str:
    at = update.posted_at.astimezone(zone)
    return (
        f"<p> <small>{_MONTHS[at.month - 1]} <var data-var='date'>{at.day:>2}</var>, "
        f"<var data-var='time'>{at:%H:%M}</var> {at:%Z}</small><br> "
        f"<strong>{label_of(update)}</strong> - {_in_paragraph(update.html)}"
    )


def _in_paragraph(html: str) -> str:
    """The safe HTML of an update as the rest of a paragraph that is open, which it closes.

    Readers of the dialect look for the text between the label and `</p>`, so paragraphs run on with line breaks; a list
    or a block of code cannot stand in a paragraph and ends it.
    """
    html = _BREAK.sub("<br />", _BETWEEN_PARAGRAPHS.sub("<br /><br />", html.strip()))
    html = html[len("<p>") :] if html.startswith("<p>") else f"</p>{html}" if html.startswith("<") else html
    if html.endswith("</p>"):
        return f"{html.removesuffix('</p>')} </p>"
    return html if "</p>" in html else f"{html} </p>"


def _guid(entry: Entry) -> str:
    if entry.guid:
        return f'      <guid isPermaLink="false">{escape(entry.guid)}</guid>'
    return f"      <guid>{escape(entry.url)}</guid>"


def _json_other(entry: Entry) -> dict[str, Any]:
    """An item that is no update of an incident: all that it is stands in its extension."""
    modified = {"date_modified": to_the_second(entry.updated_at)} if entry.updated_at != entry.published_at else {}
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "content_text": html_to_text(entry.html),
        "date_published": to_the_second(entry.published_at),
        **modified,
        "tags": [*entry.tags, *(term for _scheme, term in entry.categories)],
        "_candor": dict(entry.extension or {}),
    }


def _json_item(entry: Entry, update: UpdateView) -> dict[str, Any]:
    modified = {"date_modified": to_the_second(update.amended_at)} if update.amended_at else {}
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "content_text": html_to_text(entry.html),
        "date_published": to_the_second(entry.published_at),
        **modified,
        "tags": list(entry.tags),
        "_candor": {
            "incident": entry.incident_code,
            "sequence": update.sequence,
            "stage": update.stage.value,
            "kind": entry.kind.value,
            "window": _json_window(entry.window),
            "impact": entry.impact.value,
            "is_reopening": update.is_reopening,
            "time_note": update.time_note,
            "next_update_due_at": to_the_second(update.next_update_due_at) if update.next_update_due_at else None,
            "component_changes": [
                {
                    "component": change.slug,
                    "code": change.code,
                    "name": change.name,
                    "region": change.region or None,
                    "old_level": change.old_level.value,
                    "new_level": change.new_level.value,
                    "since": to_the_second(change.since),
                }
                for change in update.changes
            ],
        },
    }


def _json_window(window: WindowView | None) -> dict[str, str] | None:
    if window is None:
        return None
    return {
        "scheduled_for": to_the_second(window.scheduled_for),
        "scheduled_until": to_the_second(window.scheduled_until),
    }


def _document(lines: list[str]) -> str:
    # Once, over the whole: no field can be forgotten.
    return _NOT_XML.sub("", "\n".join(lines))


def _without_illegal(value: Any) -> Any:
    """The value with every text freed of what XML cannot carry, so that all formats say the same."""
    if isinstance(value, str):
        return _NOT_XML.sub("", value)
    if isinstance(value, list):
        return [_without_illegal(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_illegal(each) for name, each in value.items()}
    return value


def _mail_date(at: datetime, zone: str) -> str:
    """RFC 822 with the numeric offset of the zone at that instant."""
    return format_datetime(at.astimezone(ZoneInfo(zone)))
