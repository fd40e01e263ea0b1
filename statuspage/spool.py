"""`spool://`: a broker that is a folder, for the embedded mode.

Kombu's filesystem transport with one cure: files are written under a temporary name and renamed. The stock one is read
half-written, and the worker that reads it dies. Messages only ring the bell: what they stand for is in the database.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """The stock channel, with whole files only."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        # The wall clock sorts the files, and unlike the monotonic one goes on after a reboot.
        name = f"{time_ns():020d}_{uuid4()}.{queue}.msg"
        _replace(os.path.join(self.data_folder_out, name), payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002
        """Take the oldest message; renaming decides which of two workers has it."""
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            # The stock transport moves through the system's temporary folder, or keeps every message for ever.
            taken = os.path.join(self.processed_folder, name)
            try:
                os.rename(os.path.join(self.data_folder_in, name), taken)
            except FileNotFoundError:
                continue
            with open(taken, "rb") as file:
                payload = file.read()
            os.remove(taken)
            return loads(bytes_to_str(payload))
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        file = self._exchange_file(exchange)  # type: ignore[attr-defined]
        entry = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with open(self.control_folder / ".lock", "ab") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            table = self.get_table(exchange)
            if entry not in table:
                _replace(str(file), [entry, *table])


class Transport(filesystem.Transport):
    """Kombu's transport over folders, with our channel."""

    Channel = Channel


def register() -> None:
    """Make `spool://` known to kombu, which refuses a class named in the address itself."""
    TRANSPORT_ALIASES["spool"] = f"{__name__}:Transport"


def transport_options(data_dir: Path) -> dict[str, Any]:
    """Kombu's options for a spool under `data_dir`, whose folders are made."""
    messages = data_dir / "spool"
    control, taken = messages / "control", messages / "taken"
    for folder in (messages, control, taken):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "processed_folder": str(taken),
        "control_folder": str(control),
        "polling_interval": 0.1,
    }


def _replace(file: str, content: Any) -> None:
    folder, name = os.path.split(file)
    temporary = os.path.join(folder, f".{name}.{uuid4()}.tmp")
    with open(temporary, "wb", buffering=0) as handle:
        handle.write(str_to_bytes(dumps(content)))
    os.replace(temporary, file)
