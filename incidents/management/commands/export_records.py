"""`manage.py export_records`: the records as JSON lines."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.actions.export import record_export
from incidents.archive.lines import lines
from incidents.domain.actor import Actor
from incidents.publishing import store


class Command(BaseCommand):
    """Writes beside FILE first, so that a whole one is there or none."""

    help = "Export the records as JSON lines: what is public, or everything that an owner has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and how much."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--everything", action="store_true", help="subscribers, accounts and audit log too; keep it secret"
        )

    def handle(self, *args: Any, file: Path, everything: bool, **options: Any) -> None:
        """Export."""
        temporary, count = file.with_name(f".{file.name}.tmp"), 0
        record_export(actor=Actor("command", "export_records"), is_everything=everything)
        try:
            temporary.unlink(missing_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if everything else 0o644)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out, store.one_state():
                for count, line in enumerate(lines(everything), 1):  # noqa: B007 - told below
                    out.write(line)
            os.replace(temporary, file)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None
        finally:
            temporary.unlink(missing_ok=True)
        self.stdout.write(f"{count - 2} rows are in {file}.")
