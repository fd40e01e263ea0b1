"""Mail as files: what an installation without EMAIL_URL sends, for the console to show. One `.eml` (RFC 5322) each."""

from __future__ import annotations

import email
import email.policy
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from incidents.notifying.protocol import Answer, AnswerClass, Parcel

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z_[A-Za-z0-9.@-]{1,200}\.eml")


@dataclass(frozen=True)
class StoredMessage:
    """A message in the folder: `name` is its file's; `sent_at` UTC; `html` is as sent and not for showing unframed."""

    name: str
    sent_at: datetime
    to: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


class FileSession:
    """A `Session` that writes each message to a file of its own, whole or not at all, into a folder of DATA_DIR."""

    give_up_at: float | None = None

    def __init__(self, place: str = "mail") -> None:
        self._place = place

    def send(self, parcel: Parcel) -> Answer:
        """Write it. A disk that is full is a failure for everybody."""
        safe_id = re.sub(r"[^A-Za-z0-9.@-]", "-", parcel.message_id.strip("<>"))[:200]
        target = Path(settings.DATA_DIR) / self._place / f"{parcel.now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}_{safe_id}.eml"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                file.write(parcel.body)
            os.replace(temporary, target)
        except OSError as error:
            return Answer(AnswerClass.LANE, str(error))
        return Answer(AnswerClass.ACCEPTED, f"Written to {target.name}")

    def abort(self) -> None:
        """Nothing hangs here."""

    def close(self) -> None:
        """Nothing is open."""


def folder() -> Path:
    """Where the messages are."""
    return Path(settings.DATA_DIR) / "mail"


def messages(limit: int = 100) -> list[StoredMessage]:
    """The newest messages, newest first."""
    if not folder().is_dir():
        return []
    names = sorted((file.name for file in folder().iterdir() if _NAME.fullmatch(file.name)), reverse=True)
    found = (message(name) for name in names[:limit])
    return [each for each in found if each is not None]


def message(name: str) -> StoredMessage | None:
    """One message by the name of its file; None if there is none, or the name is not one of ours."""
    file = folder() / name
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return StoredMessage(
        name=name,
        sent_at=datetime.strptime(name.split("_", 1)[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC),
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        headers=tuple((key, str(value)) for key, value in parsed.items()),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _part(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part is not None else ""
