"""The notice for other people's pages: `/embed/script.js` and the frame it adds, `/embed/frame`. Pure, like `pages`.

After the Statuspage embed: the script adds an iframe of 320 × 115 that stands outside the window; the frame posts
`{action: 'showFrame'}` or `{action: 'dismissFrame'}` to the page around it; `window.statusEmbedTest()` shows it as it
is. Ours says besides what it shows (`id`), so that a notice that was dismissed stays away and the next one does not;
that is kept in the tab's own session storage, for a frame may have none and a cookie is out of the question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.publishing import csp, pages, words
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.tree import Page

FRAME, SCRIPT = "/embed/frame", "/embed/script.js"
# A page that isolates itself (Cross-Origin-Embedder-Policy) loads only what says that it may be loaded.
_FOR_ALL = (("Cross-Origin-Resource-Policy", "cross-origin"),)
_STATIC = Path(__file__).resolve().parent.parent / "static" / "incidents"


@dataclass(frozen=True)
class Notice:
    """What the frame says. `key` is of what it is about, "" on a quiet day; `kind` is how it looks."""

    key: str
    kind: str
    title: str
    detail: str
    href: str


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: the script never changes, the frame only with what it shows."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The script and the frame."""
    page, notice = snapshot.page, notice_of(snapshot)
    title = pages.site_title(page)
    yield ColdPage(SCRIPT, key_of(page.url, title), partial(_script, page.url, title))
    yield ColdPage(FRAME, key_of(pages.site_of(page), notice), partial(_frame, page, notice))


def notice_of(snapshot: Snapshot) -> Notice:
    """About the worst open incident; without one, about the maintenance that is being worked on."""
    found = [*snapshot.open_incidents, *snapshot.maintenances_running]
    if not found:
        return Notice("", "quiet", _("Nothing is wrong"), _("No incident and no maintenance is on."), snapshot.page.url)
    first, more = found[0], len(found) - 1
    detail = f"{_('Maintenance') if first.is_maintenance else _('Incident')} · {words.state(first.stage, False)}"
    if more:
        detail += " · " + ngettext("%(count)s more", "%(count)s more", more) % {"count": more}
    kind = "maintenance" if first.is_maintenance else "incident"
    # A second incident is news to those who dismissed the first one.
    key = "-".join(sorted(row.code for row in found))
    return Notice(key, kind, first.title, detail, snapshot.page.url + ("" if more else first.url_path))


def _script(url: str, title: str) -> Page:
    source = _without_comments("embed.js").replace('"%URL%"', _literal(url)).replace('"%TITLE%"', _literal(title))
    return Page(SCRIPT, source.encode(), "text/javascript; charset=utf-8", headers=_FOR_ALL)


def _frame(page: PageView, notice: Notice) -> Page:
    style = (_STATIC / "embed_frame.css").read_text() + page.brand.style
    script = _without_comments("embed_frame.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src {csp.hash_of(style)}",
            f"script-src {csp.hash_of(script)}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors *",
        )
    )
    context = {
        "notice": notice,
        "site_title": pages.site_title(page),
        "style": mark_safe(style),  # noqa: S308 - our own files
        "script": mark_safe(script),  # noqa: S308
    }
    body = get_template("public/embed_frame.html").render(context).strip()
    headers = (("Content-Security-Policy", policy), ("X-Frame-Options", ""), *_FOR_ALL)
    return Page(FRAME, body.encode(), "text/html; charset=utf-8", headers=headers)


@lru_cache(maxsize=4)
def _without_comments(name: str) -> str:
    lines = (line.strip() for line in (_STATIC / name).read_text().splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _literal(text: str) -> str:
    """A text as a literal of JavaScript: JSON, with nothing in it that could end a script element."""
    return json.dumps(text).replace("<", "\\u003c")
