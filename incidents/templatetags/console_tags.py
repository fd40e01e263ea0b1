"""How the console prints times, spans, counts and states. Times are UTC on a 24-hour clock; spans are whole minutes."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from incidents.domain.instants import to_the_second
from incidents.domain.markup import render_text
from incidents.domain.verbs import SENTENCES, Verb
from incidents.publishing import words

register = template.Library()


@register.filter
def utc(moment: datetime | str | None, style: str = "") -> SafeString | str:
    """A `<time>` element: `23 Jun 14:30 UTC`, with the year when it is not this one; style `seconds` adds them.

    ISO 8601 text is read too. A dash for no time.
    """
    if isinstance(moment, str):
        moment = parse_datetime(moment)
    if moment is None:
        return "–"
    moment = moment.astimezone(UTC)
    year = "" if moment.year == timezone.now().year else f" {moment.year}"
    clock = f"{moment:%H:%M:%S}" if style == "seconds" else f"{moment:%H:%M}"
    return format_html(
        '<time datetime="{}">{}{} {} UTC</time>',
        to_the_second(moment), f"{moment.day} {moment:%b}", year, clock,
    )  # fmt: skip


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in words, floored: `45 s`, `22 min`, `3 h 45 min`, `2 d 4 h`. Negative ones keep their sign."""
    return "–" if seconds is None else words.duration(int(seconds))


@register.filter
def thousands(number: int) -> str:
    """`12,483`."""
    return f"{number:,}"


@register.filter
def happening(verb: str) -> str:
    """What was done, as the middle of a sentence: `posted an update`."""
    return SENTENCES.get(Verb(verb), verb) if verb in list(Verb) else verb


@register.filter
def plain(source: str) -> str:
    """A Markdown source as plain text."""
    return render_text(source)


@register.filter
def answer_name(answer_class: str) -> str:
    """What an attempt came to, in words; an unknown class as it is."""
    names = {
        "transient": _("refused for now"), "lane": _("nothing gets out"), "permanent": _("refused for good"),
        "blocked": _("not an address to send to"), "ambiguous": _("broke off during acceptance"),
        "crash": _("an error of ours"),
    }  # fmt: skip
    return names.get(answer_class, answer_class)


@register.filter
def state_name(state: str) -> str:
    """The words for the state of a delivery."""
    names = {
        "pending": _("Waiting"), "sending": _("Sending"), "sent": _("Sent"), "dead": _("Failed"), "held": _("Held"),
        "superseded": _("Superseded"), "suppressed": _("Suppressed"), "expired": _("Expired"),
        "cancelled": _("Cancelled"),
    }  # fmt: skip
    return names.get(state, state)


@register.simple_tag(takes_context=True)
def sort_header(context: Context, column: str, label: str) -> SafeString:
    """The head of a column that the list can be sorted by: a link that sorts by it, or turns the order round."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    now = query.get("sort", "")
    order = {column: "ascending", f"-{column}": "descending"}.get(now, "")
    query["sort"] = f"-{column}" if now == column else column
    return format_html(
        '<th scope="col"{}><a href="?{}">{}{}</a></th>',
        format_html(' aria-sort="{}"', order) if order else "",
        query.urlencode(),
        label,
        {"ascending": " ↑", "descending": " ↓"}.get(order, ""),
    )
