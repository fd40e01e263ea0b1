"""How the console prints names, times, spans, counts and states. Times are UTC on a 24-hour clock; spans are whole
minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.domain.instants import to_the_second
from incidents.domain.markup import render_text
from incidents.models.words import happening as happening_words
from incidents.notifying.channels import REGISTRY
from incidents.publishing import words

register = template.Library()


@register.filter
def names(given: Sequence[str], most: int = 0) -> SafeString:
    """Names with commas between them, each laid out by its own direction. `most`: what is beyond so many characters is
    left out, and three dots say so."""
    shown, left = [], most
    for name in given:
        if most and len(name) > left:
            shown.append((f"{name[: max(left, 0)]}…",))
            break
        shown.append((name,))
        left -= len(name) + 2
    return format_html_join(", ", "<bdi>{}</bdi>", shown)


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
    day = words.day(moment.date(), has_year=moment.year != timezone.now().year)
    clock = words.clock(moment, has_seconds=style == "seconds")
    return format_html(
        '<time datetime="{}">{}</time>',
        to_the_second(moment), pgettext("day and time, short", "%(day)s %(time)s") % {"day": day, "time": clock},
    )  # fmt: skip


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in words, floored: `45 s`, `22 min`, `3 h 45 min`, `2 d 4 h`. Negative ones keep their sign."""
    return "–" if seconds is None else words.duration(int(seconds))


@register.filter
def thousands(number: int) -> str:
    """`12,483`, with the separator of the language."""
    return words.number(number)


@register.filter
def happening(verb: str) -> str:
    """What was done, as the middle of a sentence: `posted an update`."""
    return happening_words(verb)


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
        "crash": _("an error of ours"), "accepted": _("accepted"),
    }  # fmt: skip
    return names.get(answer_class, answer_class)


@register.filter
def channel_name(key: str) -> str:
    """What a channel is called; one that is not here any more, by its key."""
    return REGISTRY[key].label if key in REGISTRY else key


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
