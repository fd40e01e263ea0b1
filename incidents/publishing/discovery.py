"""What crawlers ask for: `/robots.txt` (RFC 9309) and `/sitemap.xml` (sitemaps.org, protocol 0.9). Pure, like `pages`.

The list of pages has no dates: they would change with every write, and the pages say themselves when they changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from xml.sax.saxutils import escape

from incidents.publishing import months, pages, periods
from incidents.publishing.public import ColdPage, Snapshot, key_of
from incidents.publishing.tree import Page

# Doors, not pages: what stands behind them is for one person, or takes more than reading.
DISALLOWED = (
    *("/console", "/accounts", "/v1", "/inbound", "/subscriptions", "/unsubscribe", "/confirm", "/csp-reports"),
    *("/healthz", "/readyz", "/metrics", "/embed/frame"),
)
MOST_ADDRESSES = 50_000  # of one file, by the protocol
_FIXED = (
    "/",
    "/history",
    "/uptime",
    "/agreements",
    "/reviews",
    "/remediations",
    "/promises",
    "/corrections",
    "/affected",
    "/api",
)


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: the list of addresses is as long as the history."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """Both files; the second is written only when a page is added or taken away."""
    url = snapshot.page.url
    yield ColdPage("/robots.txt", key_of(url, DISALLOWED), partial(_robots, url))
    paths = addresses(snapshot)
    yield ColdPage("/sitemap.xml", key_of(url, paths), partial(_sitemap, url, paths))


def addresses(snapshot: Snapshot) -> list[str]:
    """The pages that a search should find, the newest incidents before the older ones, at most as many as fit."""
    found = [*_FIXED]
    found += [f"/components/{row.slug}" for row in pages.all_components(snapshot)]
    found += [view.path for view in snapshot.agreements]
    found += [view.path for view in snapshot.reviews if not view.is_retracted]
    found += [month.path for month in periods.months(snapshot)]
    found += [months.MonthLink(month).path for month in months.book(snapshot).months]
    found += [incident.url_path for incident in snapshot.incidents]
    return found[:MOST_ADDRESSES]


def _robots(url: str) -> Page:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in DISALLOWED), "", f"Sitemap: {url}/sitemap.xml", ""]
    return Page("/robots.txt", "\n".join(lines).encode(), "text/plain; charset=utf-8")


def _sitemap(url: str, paths: list[str]) -> Page:
    listed = "".join(f"<url><loc>{escape(url + path)}</loc></url>\n" for path in paths)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{listed}</urlset>\n'
    )
    return Page("/sitemap.xml", body.encode(), "application/xml; charset=utf-8")
