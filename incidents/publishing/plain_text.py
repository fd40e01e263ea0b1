"""Each incident as plain text, `/incidents/<id>.txt`: to read in a terminal, to copy into a chat. Pure, like `pages`.

One block for each update, newest first, with its text as mails have it; each ends with its own address on a line, which
is how the script of the page finds one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.utils.translation import gettext as _

from incidents.domain.markup import render_text
from incidents.publishing import pages, words
from incidents.publishing.public import ColdPage, IncidentView, PageView, Snapshot, UpdateView, key_of
from incidents.publishing.tree import Page


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: each changes with its incident."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """One for each incident and maintenance."""
    site = pages.site_of(snapshot.page)
    for incident in snapshot.incidents:
        told = [(row.code, row.stage, row.is_reopening, row.body, row.posted_at) for row in incident.updates]
        key = key_of(site, incident.title, incident.is_example, incident.is_cancelled, told)
        yield ColdPage(path_of(incident), key, partial(_page, snapshot.page, incident))


def path_of(incident: IncidentView) -> str:
    """The address of its text."""
    return f"{incident.url_path}.txt"


def text_of(url: str, incident: IncidentView) -> str:
    """The whole timeline as text; `url` is the base address of the page."""
    address = url + incident.url_path
    head = f"{_('Invented example')}\n" if incident.is_example else ""
    blocks = (_block(incident, update, address) for update in incident.updates)
    return f"{head}{incident.title}\n{address}\n\n" + "\n".join(blocks)


def _block(incident: IncidentView, update: UpdateView, address: str) -> str:
    is_end = incident.is_cancelled and update.sequence == incident.newest.sequence
    stage = _("Cancelled") if is_end else str(words.STAGES[update.stage])
    if update.is_reopening:
        stage += f" ({_('reopened')})"
    posted = words.clock(update.posted_at, has_day=True)
    return f"{stage} · {posted}\n\n{render_text(update.body)}\n\n{address}#update-{update.code}\n"


def _page(page: PageView, incident: IncidentView) -> Page:
    return Page(path_of(incident), text_of(page.url, incident).encode(), "text/plain; charset=utf-8")
