"""The history that an RSS or Atom feed tells: texts and times, and of pages in the Statuspage dialect the stages too.

A feed says nothing of components and levels, so nothing of them is written: what it does not say stays unknown, and the
first update of each incident says so in public.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import fetching
from incidents.domain.history import History, PastIncident, PastUpdate
from incidents.domain.markup_import import markdown_of
from incidents.domain.status import MAINTENANCE_STAGES, Kind, Stage
from incidents.domain.text import clean_line
from incidents.importing import documents
from incidents.importing.documents import Unreadable
from incidents.importing.feed_items import Told, told_in, window_in
from incidents.importing.sandbox import FeedEntry, FeedRefused, ParsedFeed, parse_feed

MOST_BYTES = 5_000_000


def read(source: str) -> History:
    """The history in the feed at an address, or in a file. Raises Unreadable, with a sentence; nothing is half read."""
    now = timezone.now()
    try:
        if documents.is_address(source):
            answer = fetching.fetch(source, limit_bytes=MOST_BYTES, accept="application/atom+xml, application/rss+xml")
            if answer.status != 200:
                raise Unreadable(
                    _("%(address)s answers with status %(status)s instead of a feed. Nothing was taken over.")
                    % {"address": source, "status": answer.status}
                )
            found = parse_feed(answer.body, answer.content_type, now=now)
        else:
            found = parse_feed(documents.read_file(Path(source), MOST_BYTES), now=now)
    except (FeedRefused, fetching.Unreachable, fetching.Forbidden) as refusal:
        raise Unreadable(str(refusal)) from None
    _refuse_own(found)
    return history_of(found, source, now)


def history_of(found: ParsedFeed, source: str, now: datetime) -> History:
    """A parsed feed as a history. Entries under one id are one incident; `source` names a feed that has no name."""
    by_id: dict[str, list[FeedEntry]] = {}
    for entry in reversed(found.entries):  # the oldest first
        by_id.setdefault(entry.id, []).append(entry)
    incidents = [_incident(entries, now) for entries in by_id.values()]
    still_open = sum(1 for row in incidents if row.stage in (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING))
    warnings = [_("A feed does not say which components were affected: no levels and no uptime follow from it.")]
    if still_open:
        warnings.append(
            ngettext(
                "%(count)s incident is not resolved in the feed; it is open here.",
                "%(count)s incidents are not resolved in the feed; they are open here.",
                still_open,
            )
            % {"count": still_open}
        )
    return History(
        source=clean_line(f"feed:{found.id or found.link or source}")[:200],
        incidents=tuple(incidents),
        warnings=tuple(warnings),
    )


def _incident(entries: list[FeedEntry], now: datetime) -> PastIncident:
    newest = entries[-1]
    told = told_in(newest.html, newest.stated_at or newest.updated_at or now, now)
    updates = _of_dialect(newest, told, now) if told else [_plain(entry, now) for entry in entries]
    is_planned = any(row.stage in MAINTENANCE_STAGES for row in updates)
    note = _("Taken from a feed, which does not say what was affected, or how badly.")
    is_window_known = True
    begin = end = None
    if is_planned:
        begin, end, is_window_known = _window(newest, updates, now)
    if not is_window_known:
        note = _("Taken from a feed: what it affected and the planned window are not on record.")
    first = updates[0]
    updates[0] = replace(first, note=f"{note} {first.note}".strip())
    path = urlsplit(newest.link).path.rstrip("/")
    return PastIncident(
        external_id=newest.id,
        code=path.rsplit("/", 1)[-1],
        path=path,
        kind=Kind.MAINTENANCE if is_planned else Kind.INCIDENT,
        title=newest.title or _("Without a title"),
        impact="",
        updates=tuple(updates),
        scheduled_for=begin,
        scheduled_until=end,
    )


def _of_dialect(entry: FeedEntry, told: list[Told], now: datetime) -> list[PastUpdate]:
    """The updates that an item of the Statuspage dialect holds, oldest first. `Update` repeats the stage before it."""
    updates: list[PastUpdate] = []
    for number, each in enumerate(told):
        stage = each.stage or (updates[-1].stage if updates else Stage.INVESTIGATING)
        at = each.at
        if entry.published_at and at and abs(entry.published_at - at) < timedelta(minutes=1):
            at = entry.published_at  # the same minute, and the feed knows the second
        updates.append(
            PastUpdate(
                external_id=f"{entry.id}#{number}",
                code="",
                stage=stage,
                body=markdown_of(each.html),
                posted_at=at if at and at <= now else None,
                note=_unknown(is_time_known=at is not None, is_stage_known=bool(each.stage or updates)),
            )
        )
    return updates


def _unknown(*, is_time_known: bool, is_stage_known: bool) -> str:
    stage = "" if is_stage_known else _("Its stage is not on record.")
    return f"{stage} {'' if is_time_known else _('Its time is not on record.')}".strip()


def _plain(entry: FeedEntry, now: datetime) -> PastUpdate:
    """An item of a feed that tells no stages. Another text under the same id is another update."""
    body = markdown_of(entry.html) or entry.title
    stated = entry.updated_at or entry.stated_at
    at = stated if stated and stated <= now and entry.stated_at == entry.published_at else None
    known = _("Whether and when it ended is not on record.")
    return PastUpdate(
        external_id=f"{entry.id}#{sha256(body.encode(errors='replace')).hexdigest()[:16]}",
        code="",
        stage=Stage.RESOLVED,
        body=body,
        posted_at=at,
        note=known if at else f"{known} " + _("Its time is that of the reading."),
    )


def _window(entry: FeedEntry, updates: list[PastUpdate], now: datetime) -> tuple[datetime, datetime, bool]:
    """Begin and end of a maintenance, and whether they are as planned; else when it was worked on."""
    if entry.stated_at and entry.ends_at and entry.ends_at > entry.stated_at:
        return entry.stated_at, entry.ends_at, True
    planned = window_in(entry.html, entry.stated_at or now)
    if planned:
        return *planned, True
    begun = next((row.posted_at for row in updates if row.stage == Stage.IN_PROGRESS and row.posted_at), None)
    begin = begun or updates[0].posted_at or now
    end = updates[-1].posted_at or begin
    return begin, max(end, begin + timedelta(minutes=1)), False


def _refuse_own(found: ParsedFeed) -> None:
    own = urlsplit(settings.SITE_URL).netloc
    if own and urlsplit(found.link).netloc == own:
        raise Unreadable(_("This is the feed of this page itself; it cannot be taken over into itself."))
