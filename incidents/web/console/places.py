"""Where one can go in the console, and the keys: one table each, from which the navigation, the palette, the list of
keys and what the keys do are made.

To add a page: a line in `PLACES`. To add a key: a line in `KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True)
class Place:
    """A page: the name of its address, what it is called, the letter after `g`, and parts of the names of addresses
    that belong to it besides."""

    name: str
    label: Words
    letter: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """What pressing `keys` one after the other does: `go` to an address of this name, `press` what stands on the page
    under that letter, or `act` (a name that console.js knows). `is_single`: no Ctrl or Alt is held, so that it can be
    switched off; with none of the three it is only told."""

    keys: tuple[str, ...]
    label: Words
    go: str = ""
    press: str = ""
    act: str = ""
    is_single: bool = True


# The first group is always in sight; on a phone all of them are in the menu.
PLACES: tuple[tuple[Words, tuple[Place, ...]], ...] = (
    ("", (
        Place("overview", _("Overview"), "o", ("sending",)),
        Place("incidents", _("Incidents"), "i", ("incident", "update", "proposal", "draft")),
        Place("maintenance-list", _("Maintenance"), "m", ("maintenance", "series")),
        Place("components", _("Components"), "c", ("component", "region")),
        Place("reviews", _("Reviews"), "r", ("review", "entry", "phase", "finding", "redaction")),
    )),
    (_("Kept and owed"), (
        Place("promises", _("Promises"), "p", ("promise", "polic", "calendar")),
        Place("remediations", _("Remediations"), "t", ("remediation",)),
        Place("agreements", _("Agreements"), "a", ("agreement", "exclusion")),
        Place("factors", _("Factors"), "", ("factor",)),
    )),
    (_("Who is told"), (
        Place("subscribers", _("Subscribers"), "s", ("subscriber", "operator")),
        Place("deliveries", _("Deliveries"), "d", ("deliver",)),
        Place("mailbox", _("Mailbox"), "", ("letter",)),
        Place("templates", _("Templates"), "", ("template",)),
    )),
    (_("What comes in"), (
        Place("proposals", _("Proposals")),
        Place("drafts", _("Offered drafts")),
        Place("sources", _("Sources of alerts"), "", ("source", "rule")),
        Place("upstreams", _("Upstreams"), "", ("upstream",)),
    )),
    (_("This page"), (
        Place("edit-page", _("Name and zone")),
        Place("edit-branding", _("Looks")),
        Place("people", _("People"), "", ("person", "roles")),
        Place("tokens", _("Tokens"), "", ("token",)),
        Place("audit", _("Audit log"), "l"),
        Place("export", _("Export")),
    )),
)  # fmt: skip
KEYS: tuple[Key, ...] = (
    Key(("n",), _("new incident"), go="open-incident"),
    Key(("u",), _("post an update, on an incident"), press="u"),
    Key(("z",), _("undo a post, while its mails wait"), press="z"),
    Key(("j",), _("next row"), act="down"),
    Key(("k",), _("previous row"), act="up"),
    Key(("Enter",), _("open the row")),
    Key(("/",), _("search in the list"), act="search"),
    Key(("?",), _("these keys"), act="keys"),
    Key(("Ctrl", "K"), _("go anywhere, by name"), is_single=False),
    Key(("Ctrl", "Enter"), _("post what is written"), is_single=False),
    Key(("Esc",), _("close what is open"), is_single=False),
)


@dataclass(frozen=True)
class Line:
    """A place as it is shown: with its address, and whether one is there."""

    label: Words
    href: str
    letter: str
    is_here: bool


def groups(may: Callable[[str], bool], here: str = "") -> list[tuple[Words, list[Line]]]:
    """The places that somebody reaches, in their groups; `here`: the name of the address that is shown."""
    found = []
    for heading, places in PLACES:
        lines = [
            Line(each.label, reverse(f"console:{each.name}"), each.letter, _is_at(each, here))
            for each in places
            if may(each.name)
        ]
        if lines:
            found.append((heading, lines))
    return found


def keys(may: Callable[[str], bool]) -> Iterator[tuple[Key, str]]:
    """The keys that do something for somebody, each with the address to which it goes, "" for none."""
    for key in KEYS:
        if not key.go or may(key.go):
            yield key, reverse(f"console:{key.go}") if key.go else ""
    for _heading, places in PLACES:
        for each in places:
            if each.letter and may(each.name):
                label = _now("go to: %(place)s") % {"place": each.label}
                yield Key(("g", each.letter), label, go=each.name), reverse(f"console:{each.name}")


def _is_at(place: Place, here: str) -> bool:
    return here == place.name or any(mark in here for mark in place.marks)
