"""Subscribers from a CSV file: who agreed to be told, with the proof of it. Nobody is mailed.

Columns `email` and `consent` (required: when and how they agreed, such as `2024-05-03 sign-up form`), `components`
(optional: names or slugs separated by `;`, empty for everything). UTF-8, or UTF-16 with its mark as spreadsheets write.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import subscriber as subscriber_actions
from incidents.actions.provenance import Outcome
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.text import clean_line
from incidents.importing.documents import Unreadable, read_file
from incidents.importing.writing import Options, Report
from incidents.models import Component, Subscriber, words

MOST_BYTES = 20_000_000
MOST_ROWS = 200_000
COLUMNS = ("email", "consent", "components")
REQUIRED = COLUMNS[:2]
_FORMULA = ("'=", "'+", "'-", "'@", "'\t", "'\r")


@dataclass(frozen=True)
class Line:
    """One row of the file. `fault`: why it cannot be taken, "" if it can."""

    number: int
    email: str
    consent: str
    components: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True)
class Lines:
    """A file, by its name."""

    name: str
    rows: tuple[Line, ...]


def read(source: str) -> Lines:
    """The rows of a file; what is wrong with one is said of it. Raises Unreadable for what is no such file at all."""
    path = Path(source)
    text = _text(read_file(path, MOST_BYTES))
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        header = [clean_line(name).lower() for name in next(reader, [])]
        if not set(REQUIRED) <= set(header) or not set(header) <= set(COLUMNS):
            raise Unreadable(
                _("The first line must be: email,consent,components (components may be left out). It is: %(line)s")
                % {"line": clean_line(head)[:100]}
            )
        rows = tuple(_lines(reader, header))
    except csv.Error as fault:
        raise Unreadable(
            _("Line %(line)s is not CSV: %(why)s. Nothing was taken over.") % {"line": reader.line_num, "why": fault}
        ) from None
    return Lines(path.name, rows)


def write(lines: Lines, options: Options) -> Report:
    """Add those who are not known; those who left, or whose server refuses mail, stay as they are."""
    now = options.now or timezone.now()
    actor = Actor("import", lines.name[:200])
    known = {row.address_key: row for row in Subscriber.objects.filter(channel="email", is_operator=False)}
    names = _component_ids()
    report = Report()
    counts = report.counts.setdefault(_("subscribers"), Counter())
    for line in lines.rows:
        try:
            outcome, why = _one(actor, line, known, names, options.is_dry, now)
        except Refused as refusal:
            outcome, why = Outcome.SKIPPED, refusal.sentence
        counts[outcome] += 1
        if why:
            report.warnings.append(_("line %(line)s: %(why)s") % {"line": line.number, "why": why})
    return report


def _one(
    actor: Actor, line: Line, known: dict[str, Subscriber], names: dict[str, int], is_dry: bool, now: datetime
) -> tuple[Outcome, str]:
    if line.fault:
        return Outcome.SKIPPED, line.fault
    address = subscriber_actions.clean_address(line.email)
    standing = known.get(address.casefold())
    if standing is not None:
        return (Outcome.UNCHANGED, "") if standing.is_told else (Outcome.SKIPPED, _why_not(standing))
    unknown = [name for name in line.components if name.casefold() not in names]
    if unknown:
        return Outcome.SKIPPED, _("There is no component “%(name)s” here.") % {"name": unknown[0][:80]}
    ids = sorted({names[name.casefold()] for name in line.components})
    if is_dry:
        known[address.casefold()] = Subscriber(address=address, confirmed_at=now)
        return Outcome.NEW, ""
    known[address.casefold()] = subscriber_actions.add_confirmed_subscriber(
        actor=actor, address=address, component_ids=ids, consent=line.consent, now=now
    )
    return Outcome.NEW, ""


def _why_not(standing: Subscriber) -> str:
    if standing.unsubscribed_at:
        return _("This address unsubscribed here; it must ask again by itself.")
    if standing.suspended_at:
        return _("Mail to this address is refused by its server; it stays suspended.")
    return _("This address asked to subscribe here and has not confirmed yet.")


def _lines(reader: Iterator[list[str]], header: list[str]) -> Iterator[Line]:
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > MOST_ROWS + 1:
            sentence = ngettext(
                "The file has more than %(most)s row. Split it.",
                "The file has more than %(most)s rows. Split it.",
                MOST_ROWS,
            )
            raise Unreadable(sentence % {"most": words.number(MOST_ROWS)})
        row = dict(zip(header, cells, strict=False))
        consent = clean_line(_plain(row.get("consent", "")))[:300]
        yield Line(
            number=number,
            email=_plain(row.get("email", "")),
            consent=consent,
            components=tuple(each for part in row.get("components", "").split(";") if (each := clean_line(part))),
            fault=_fault("".join(cells), len(cells), len(header), consent),
        )


def _fault(cells: str, width: int, expected: int, consent: str) -> str:
    if "\x00" in cells or any("\udc80" <= character <= "\udcff" for character in cells):
        return _("It holds bytes that are not UTF-8 text. Save the file as UTF-8.")
    if width != expected:
        return _("It has %(width)s cells instead of %(expected)s.") % {"width": width, "expected": expected}
    if not consent or not any(character.isdigit() for character in consent):
        return _("The proof of consent is missing: say when and how this person agreed, with a date.")
    return ""


def _plain(cell: str) -> str:
    """A cell without the quote that exports put before what a spreadsheet would run as a formula."""
    return cell[1:] if cell.startswith(_FORMULA) else cell


def _text(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8-sig", "surrogateescape")


def _component_ids() -> dict[str, int]:
    rows = list(Component.objects.filter(archived_at__isnull=True).select_related("group"))
    names = {row.name.casefold(): row.pk for row in rows} | {row.full_name.casefold(): row.pk for row in rows}
    return names | {row.slug: row.pk for row in rows} | {row.code: row.pk for row in rows}
