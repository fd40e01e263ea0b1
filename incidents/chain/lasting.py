"""The database's own lock on the audit log: triggers that refuse to change or delete an entry, whoever asks.

They are made anew after every `migrate` (`apps.IncidentsConfig.ready`), whatever the migrations are. The one change
that they let through takes words out of an entry and says so by `withheld_at` (`chain.log.take_out`).
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from incidents.models import AuditEntry

SENTENCE = "the audit log is append-only"
_WORDS = frozenset(("subject_label", "changes", "withheld_at"))
_TABLE = AuditEntry._meta.db_table


def make_lasting(using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> None:
    """Make the triggers; takes what Django's signal after a migration gives."""
    connection = connections[using]
    if _TABLE in connection.introspection.table_names():
        _run(connection, _removal(connection) + _making(connection))


def let_go(using: str = DEFAULT_DB_ALIAS) -> None:
    """Remove the triggers: for a migration that rewrites the table, which makes them anew when it is done."""
    _run(connections[using], _removal(connections[using]))


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _removal(connection: BaseDatabaseWrapper) -> list[str]:
    names = ("log_keeps_what_it_says", "log_keeps_entries", "log_keeps_all")
    on = f" ON {_TABLE}" if connection.vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {name}{on}" for name in names]


def _making(connection: BaseDatabaseWrapper) -> list[str]:
    kept = [str(each.column) for each in AuditEntry._meta.concrete_fields if each.name not in _WORDS]
    return _in_postgresql(kept) if connection.vendor == "postgresql" else _in_sqlite(kept)


def _in_sqlite(kept: list[str]) -> list[str]:
    same = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in kept)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
    return [
        f"CREATE TRIGGER log_keeps_what_it_says BEFORE UPDATE ON {_TABLE} "
        f"WHEN NOT (NEW.withheld_at IS NOT NULL AND {same}) {refuse}",
        f"CREATE TRIGGER log_keeps_entries BEFORE DELETE ON {_TABLE} {refuse}",
    ]


def _in_postgresql(kept: list[str]) -> list[str]:
    new, old = (", ".join(f'{row}."{name}"' for name in kept) for row in ("NEW", "OLD"))
    function = f"EXECUTE FUNCTION {_TABLE}_refuse()"
    return [
        f"CREATE OR REPLACE FUNCTION {_TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$",
        f"CREATE TRIGGER log_keeps_what_it_says BEFORE UPDATE ON {_TABLE} FOR EACH ROW "
        f"WHEN (NEW.withheld_at IS NULL OR ROW({new}) IS DISTINCT FROM ROW({old})) {function}",
        f"CREATE TRIGGER log_keeps_entries BEFORE DELETE ON {_TABLE} FOR EACH ROW {function}",
        f"CREATE TRIGGER log_keeps_all BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT {function}",
    ]
