"""`/remediations` and its feed: what reviews promised to do, followed in public until somebody saw that it works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.follow_through import median_days
from incidents.domain.review import RemediationState
from incidents.domain.status import Impact
from incidents.publishing import pages, words
from incidents.publishing.feed_markup import Entry, Feed, tag_uri
from incidents.publishing.feeds import FORMATS
from incidents.publishing.public import ColdPage, PageView, Snapshot
from incidents.publishing.remediations import RemediationView
from incidents.publishing.tree import Page

PATH = "/remediations"
LIMIT = 100


def hot(snapshot: Snapshot) -> list[Page]:
    """The page, and the same as Atom."""
    return [_page(snapshot), _feed(snapshot)]


def cold(_snapshot: Snapshot) -> Iterator[ColdPage]:
    """None: there is one page of remediations."""
    yield from ()


def figures(remediations: Sequence[RemediationView]) -> list[tuple[str, str, str]]:
    """(what, figure, of how many) as text: open, overdue, verified, and the median of how far dates were moved in all,
    in days, over those whose date was moved at all."""
    still = [row for row in remediations if not row.is_settled]
    verified = [row for row in remediations if row.state == RemediationState.VERIFIED]
    slips = [row.slip_days for row in remediations if row.slips and row.slip_days is not None]
    median = median_days(slips)
    return [
        (_("Open"), str(len(still)), ""),
        (_("Overdue"), str(sum(row.is_overdue for row in still)), ""),
        (_("Verified"), str(len(verified)), _("of %(count)s") % {"count": len(remediations)}),
        (
            _("Median slip"),
            "–" if median is None else _in_days(median),
            _("n = %(count)s moved") % {"count": len(slips)},
        ),
    ]


def _page(snapshot: Snapshot) -> Page:
    rows = snapshot.remediations
    context = {
        "open": [row for row in rows if not row.is_settled],
        "settled": [row for row in rows if row.is_settled],
        "figures": figures(rows),
        "feeds": [("application/atom+xml", f"{snapshot.page.url}{PATH}.atom", _("Remediations - Atom Feed"))],
        "description": _("What reviews promised to do, by when, and whether it was seen to work."),
    }
    return pages.page_of(snapshot.page, PATH, "remediations", _("Remediations"), context)


def _feed(snapshot: Snapshot) -> Page:
    page = snapshot.page
    newest = sorted(snapshot.remediations, key=lambda row: (row.updated_at, row.code), reverse=True)[:LIMIT]
    feed = Feed(
        id=tag_uri(page, PATH),
        title=f"{page.name} - {_('Remediations')}",
        home_url=page.url + PATH,
        author=page.name,
        zone="UTC",
        updated_at=newest[0].updated_at if newest else page.updated_at,
        entries=tuple(_entry(page, row) for row in newest),
    )
    return FORMATS["atom"].page(feed, PATH + FORMATS["atom"].ending, page.url)


def _entry(page: PageView, row: RemediationView) -> Entry:
    state = _("overdue") if row.is_overdue else row.state_word.casefold()
    return Entry(
        id=tag_uri(page, f"Remediation/{row.code}"),
        url=page.url + row.path,
        title=_("Remediation, %(state)s: %(title)s") % {"state": state, "title": row.title},
        html=_html(page, row),
        published_at=row.published_at,
        updated_at=row.updated_at,
        tags=(),
        incident_code="",
        impact=Impact.NONE,
        # No tag of the incident feeds: a program that sorts by them must not take this for something that is broken.
        categories=(
            (tag_uri(page, "kind"), "remediation"),
            (tag_uri(page, "remediation-state"), row.state),
            *([(tag_uri(page, "remediation-due"), "overdue")] if row.is_overdue else []),
        ),
    )


def _html(page: PageView, row: RemediationView) -> SafeString:
    facts: list[tuple[str, str]] = [(_("State"), row.state_word)]
    facts += [(_("Owner"), row.owner_team)] if row.owner_team else []
    facts += [(_("Date"), row.due_words)] if row.due_on else []
    facts += [(_("How it stands"), row.status_note)] if row.status_note else []
    facts += [(_("Declined"), row.declined_reason)] if row.declined_reason else []
    facts += [(_("Superseded by"), row.superseded_by[1])] if row.superseded_by else []
    facts += [(_("Verified by"), row.method_word)] if row.method_word else []
    slips = [(words.day(each.old_due_on), words.arrow(), words.day(each.new_due_on), each.reason) for each in row.slips]
    review = (
        format_html('<p><a href="{}">{}</a></p>', page.url + row.review_path, row.review_title)
        if row.review_slug
        else ""
    )
    return format_html(
        "{}<ul>{}{}</ul>{}{}",
        mark_safe(row.html),  # noqa: S308 - made by domain.markup
        format_html_join("", "<li>{}: {}</li>", facts),
        format_html_join("", "<li>{} {} {}: {}</li>", slips),
        mark_safe(row.evidence_html),  # noqa: S308 - made by domain.markup
        review,
    )


def _in_days(days: float) -> str:
    number = f"{days:.1f}".removesuffix(".0")
    return ngettext("%(count)s day", "%(count)s days", 1 if number == "1" else 2) % {"count": number}
