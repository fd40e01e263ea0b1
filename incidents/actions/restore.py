"""Put back what an export holds, into an instance that holds nothing: numbers, codes and times as they were.

Nobody is told: what waited to be sent is cancelled, and after a restoration of everything sending is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import chain
from incidents.actions import days, guards, roles
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.archive.harmless import harmless
from incidents.archive.tables import Now, Same, Table, fields_of, layout
from incidents.archive.values import BadValue, read
from incidents.chain.verification import public_rows
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb
from incidents.models import AuditEntry, ComponentDay, Delivery, OutboxEvent, PublicPage

BATCH = 500
ROWS_OF_AN_ENTRY = 1_000
# What an instance may hold before anything was written to its record: its page, and who was made administrator.
_BEGINNINGS = (PublicPage, AuditEntry, ComponentDay)
_WAITING = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.HELD)


@dataclass(frozen=True)
class Line:
    """One row of a file: the number of its line, its table, its values as JSON."""

    number: int
    table: str
    values: Mapping[str, Any]


@dataclass
class Restored:
    """How many rows of each table were written; `is_known`: none, because this very file was restored before."""

    rows: dict[str, int] = field(default_factory=dict)
    is_known: bool = False


def restore(
    *,
    actor: Actor,
    lines: Iterable[Line],
    is_everything: bool,
    sha256: str,
    is_dry: bool = False,
    policy: str | None = None,
    now: datetime | None = None,
) -> Restored:
    """Write the rows of a file, all or none; `is_dry` takes them back in the end. `sha256` is that of the file: a
    repeat of it changes nothing. `policy`: as for `harmless`, which rows of a public file go through.

    With everything the chain is carried over as it is; else one of its own begins with what was restored. Raises
    Refused: no administrator, an instance that holds something, and whatever is wrong in the file, with its line.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        if AuditEntry.objects.filter(verb=Verb.HISTORY_RESTORED, changes__file=["", sha256]).exists():
            return Restored(is_known=True)
        _refuse_full(is_everything)
        writing = _Writing(layout(is_everything), now, policy)
        for line in lines:
            writing.add(line)
        writing.finish()
        _reset_sequences(writing.tables)
        days.rebuild()
        if is_everything:
            _silence(now)
        else:
            # The log of this instance goes on; a public file brings none.
            PublicPage.objects.filter(id=1).update(log_number=page.log_number, log_hash=page.log_hash)
            _begin_chain(now)
        # The next round of the sweep publishes: the time of the last change is that of the export.
        PublicPage.objects.filter(id=1).update(revision=F("revision") + page.revision + 1)
        page.refresh_from_db()
        record(
            actor=actor, verb=Verb.HISTORY_RESTORED, subject=page, now=now,
            changes={"file": ["", sha256], "rows": [0, sum(writing.counts.values())]},
        )  # fmt: skip
        transaction.set_rollback(is_dry)
    return Restored({name: count for name, count in writing.counts.items() if count})


class _Writing:
    """Rows on their way into the tables, some hundred at a time; nothing but their numbers is remembered."""

    def __init__(self, tables: Mapping[str, Table], now: datetime, policy: str | None) -> None:
        self.tables, self._policy = tables, policy
        self.counts = dict.fromkeys(tables, 0)
        self._now = now
        self._known: dict[type[Model], set[int]] = {table.model: set() for table in tables.values()}
        self._missing: dict[tuple[type[Model], int], str] = {}
        self._waiting: dict[str, list[tuple[int, Model, dict[str, list[int]]]]] = {name: [] for name in tables}

    def add(self, line: Line) -> None:
        """One row. Raises Refused."""
        table = self.tables.get(line.table)
        if table is None:
            raise _wrong(line.number, _("there is no table “%(name)s” in a file of this kind.") % {"name": line.table})
        values, lists = self._values(line, table)
        number = values["id"]
        if number in self._known[table.model]:
            raise _wrong(
                line.number,
                _("“%(table)s” number %(number)s is there twice.") % {"table": line.table, "number": number},
            )
        self._known[table.model].add(number)
        self.counts[line.table] += 1
        waiting = self._waiting[line.table]
        waiting.append((line.number, table.model(**values), lists))
        if len(waiting) >= BATCH:
            self._write(table)

    def finish(self) -> None:
        """Write what still waits. Raises Refused if a row points to one that is not in the file."""
        for table in self.tables.values():
            self._write(table)
        for (model, number), told in self._missing.items():
            if number not in self._known[model]:
                raise Refused(told)
        if self.counts["publicpage"] != 1:
            raise Refused(_("The file has no page: one line of the table “publicpage” belongs to it."))

    def _values(self, line: Line, table: Table) -> tuple[dict[str, Any], dict[str, list[int]]]:
        """The columns of the row, and the rows that its lists name."""
        wanted = {each.name: each for each in table.fields}
        if line.values.keys() != wanted.keys():
            odd = min(line.values.keys() ^ wanted.keys())
            told = _("has no field “%(field)s”.") if odd in wanted else _("has a field “%(field)s” that is not known.")
            raise _wrong(line.number, f"“{line.table}” " + told % {"field": odd})
        values: dict[str, Any] = {}
        lists: dict[str, list[int]] = {}
        for name, each in wanted.items():
            try:
                value = read(each, line.values[name])
            except BadValue as bad:
                raise _wrong(line.number, f"“{name}” {bad}.") from None
            if each.many_to_many:
                lists[name] = value
            else:
                values[each.attname] = value
            self._note(line, each, value if each.many_to_many else [value])
        if table.exported is not None:
            try:
                values = harmless(table.name, values, self._policy)
            except BadValue as bad:
                raise _wrong(line.number, f"“{line.table}” {bad}.") from None
        return values | self._neutral(table, values), lists

    def _neutral(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        if table.exported is None:
            return {}
        lists = {each.name for each in fields_of(table.model) if each.many_to_many}
        found = {name: value for name, value in table.exported.neutral.items() if name not in lists}
        told = {name: values[value.field] for name, value in found.items() if isinstance(value, Same)}
        return found | told | {name: self._now for name, value in found.items() if value is Now}

    def _note(self, line: Line, each: Any, numbers: Iterable[int | None]) -> None:
        """Remember what the row points to and was not read yet."""
        target = each.related_model
        if not getattr(each, "db_constraint", True):
            return  # the log names accounts, whether or not they are still there
        for number in numbers if target in self._known else ():
            if number is not None and number not in self._known[target]:
                told = _("“%(field)s” points to number %(number)s of “%(table)s”, which is not in the file.")
                words = {"field": each.name, "number": number, "table": target._meta.model_name}
                self._missing.setdefault((target, number), str(_wrong(line.number, told % words)))

    def _write(self, table: Table) -> None:
        waiting = self._waiting[table.name]
        if not waiting:
            return
        try:
            if table.model is PublicPage:
                _take_page(waiting[0][1])
            else:
                table.model._default_manager.bulk_create([row for _line, row, _lists in waiting])
            for each in table.lists:
                _link(each, waiting)
        except (DatabaseError, OverflowError, ValueError) as error:
            first, last = waiting[0][0], waiting[-1][0]
            told = _("Lines %(first)s to %(last)s: the database takes one of these rows not: %(error)s")
            words = {"first": first, "last": last, "error": str(error).strip().splitlines()[0]}
            raise Refused(told % words) from None
        waiting.clear()


def _take_page(row: Model) -> None:
    """The one row of the page is there already, and locked."""
    values = {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields if not each.primary_key}
    if not PublicPage.objects.filter(id=row.pk).update(**values):
        raise ValueError(_("the page is number 1"))


def _link(each: Any, waiting: Iterable[tuple[int, Model, dict[str, list[int]]]]) -> None:
    """The rows between two tables, for one list of references."""
    through, own, other = each.remote_field.through, each.m2m_column_name(), each.m2m_reverse_name()
    through._default_manager.bulk_create(
        [through(**{own: row.pk, other: number}) for _line, row, lists in waiting for number in lists[each.name]],
        batch_size=BATCH,
    )


def _refuse_full(is_everything: bool) -> None:
    models = apps.get_app_config("incidents").get_models()
    full = [model for model in models if model not in _BEGINNINGS and model._default_manager.exists()]
    if full:
        names = ", ".join(sorted(str(model._meta.verbose_name_plural) for model in full))
        raise Refused(_("This instance is not empty: it holds %(names)s. Restore into a new one.") % {"names": names})
    if is_everything and User.objects.exists():
        raise Refused(
            _("This instance has accounts already, and the file brings its own. Restore it before the first "
              "administrator is made.")
        )  # fmt: skip


def _reset_sequences(tables: Mapping[str, Table]) -> None:
    """Let the database count on from the numbers that were written (PostgreSQL; SQLite does so by itself)."""
    models = [table.model for table in tables.values()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _silence(now: datetime) -> None:
    """What the export caught on its way out is not sent a second time, from another place."""
    PublicPage.objects.filter(id=1).update(is_sending_held=True)
    OutboxEvent.objects.filter(relayed_at__isnull=True).update(relayed_at=now)
    Delivery.objects.filter(state__in=_WAITING).update(state=Delivery.State.CANCELLED)


def _begin_chain(now: datetime) -> None:
    """Record what was restored, as the public has it now."""
    rows = (row for model in chain.PUBLIC for row in public_rows(model) if not isinstance(row, PublicPage))
    while part := list(islice(rows, ROWS_OF_AN_ENTRY)):
        chain.append(at=now, verb=Verb.HISTORY_RESTORED, published=part)


def _wrong(number: int, what: str) -> Refused:
    return Refused(_("Line %(number)s: %(what)s") % {"number": number, "what": what})
