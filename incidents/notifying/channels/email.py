"""E-mail: text and HTML, threaded by incident, with one-click unsubscription (RFC 5322, 2369, 2919, 3834, 8058).

All that is the same for everybody is rendered once for each event; a recipient costs a few replacements and one
encoding in C.
"""

from __future__ import annotations

import secrets
from binascii import b2a_qp
from collections.abc import Callable
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr
from html import escape
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents.notifying.announcement import (
    AccountAnnouncement,
    Announcement,
    ConfirmationAnnouncement,
    IncidentAnnouncement,
    OperatorAnnouncement,
    ReviewAnnouncement,
)
from incidents.notifying.mail import MailServer, NoServer, SmtpSession
from incidents.notifying.mailbox import FileSession
from incidents.notifying.protocol import Parcel, Recipient, Session
from incidents.notifying.retry import EMAIL_SECONDS
from incidents.notifying.tokens import Purpose, make_token

# Placeholders that no author can have typed; each stands where a recipient's own value goes.
_SALT = secrets.token_hex(8)
_SLOTS = {name: f"slot{_SALT}{name}" for name in ("manage_url", "unsubscribe_url", "confirm_url", "address")}


_TEMPLATES: dict[type[Announcement], str] = {
    IncidentAnnouncement: "update",
    ConfirmationAnnouncement: "confirm",
    OperatorAnnouncement: "reminder",
    ReviewAnnouncement: "review",
    AccountAnnouncement: "account",
}


class EmailChannel:
    """Mail through EMAIL_URL, or into files where that is empty."""

    key = "email"
    schedule_seconds = EMAIL_SECONDS
    is_newest_enough = True

    @property
    def label(self) -> str:
        """Its name for people."""
        return _("E-mail")

    @property
    def parallel(self) -> int:
        """Four connections to a server; files are written one by one."""
        return 4 if settings.EMAIL_URL else 1

    @property
    def deadline_seconds(self) -> float:
        """Both parts of the deadline together."""
        return float(sum(settings.MAIL_DEADLINE_SECONDS))

    def describe(self, address: str) -> str:
        """The address itself."""
        return address

    def render(self, announcement: Announcement) -> Callable[[Recipient], Parcel]:
        """Render both parts with slots; the result fills them for one recipient."""
        name = _TEMPLATES[type(announcement)]
        values = {"announcement": announcement, "site_url": settings.SITE_URL, "slots": _SLOTS}
        return _Letter(
            announcement,
            headers=_shared_headers(announcement),
            text=render_to_string(f"notifications/email/{name}.txt", values).strip() + "\n",
            html=render_to_string(f"notifications/email/{name}.html", values).strip() + "\n",
            boundary=f"=_{secrets.token_hex(12)}",
        )

    def open_session(self) -> Session:
        """A connection to the server of EMAIL_URL, or the folder."""
        if not settings.EMAIL_URL:
            return FileSession()
        try:
            server = MailServer.from_url(settings.EMAIL_URL)
        except ValueError as error:
            return NoServer(f"EMAIL_URL cannot be used: {error}")
        return SmtpSession(server, settings.DEFAULT_FROM_EMAIL, _host(), settings.MAIL_DEADLINE_SECONDS)


def shown(announcement: Announcement) -> tuple[str, str]:
    """Subject and text as a mail will have them, for a reader of the console: what is each recipient's own is named
    in its place."""
    text = render_to_string(
        f"notifications/email/{_TEMPLATES[type(announcement)]}.txt",
        {"announcement": announcement, "site_url": settings.SITE_URL, "slots": _SLOTS},
    )
    own = {
        "address": _("(their address)"), "manage_url": _("(their own link)"), "unsubscribe_url": _("(their own link)"),
    }  # fmt: skip
    return subject_of(announcement), _filled(text.strip() + "\n", own)


def subject_of(announcement: Announcement) -> str:
    """The subject, before it is encoded."""
    return f"[{announcement.page_name}] {announcement.headline}"


@dataclass(frozen=True)
class _Letter:
    """A message with slots; calling it fills them."""

    announcement: Announcement
    headers: str
    text: str
    html: str
    boundary: str

    def __call__(self, recipient: Recipient) -> Parcel:
        links = self._links(recipient)
        message_id = f"<e{recipient.event_id}.s{recipient.subscriber_id}@{_host()}>"
        own = [
            ("To", _one_line(recipient.address)),
            ("Message-ID", message_id),
            ("Date", format_datetime(recipient.occurred_at)),
            *self._way_out(links),
            *self._thread(recipient),
        ]
        headers = self.headers + "".join(f"{name}: {value}\r\n" for name, value in own)
        body = b"".join(
            (
                headers.encode("ascii"),
                f'Content-Type: multipart/alternative; boundary="{self.boundary}"\r\n\r\n'.encode(),
                self._part("plain", _filled(self.text, links)),
                self._part("html", _filled(self.html, {name: escape(value) for name, value in links.items()})),
                f"--{self.boundary}--\r\n".encode(),
            )
        )
        return Parcel(recipient.address, message_id, recipient.now, body)

    def _links(self, recipient: Recipient) -> dict[str, str]:
        def link(path: str, purpose: Purpose, generation: int) -> str:
            token = make_token(purpose, recipient.subscriber_id, generation, recipient.occurred_at)
            return f"{settings.SITE_URL}/{path}/{token}"

        links = {
            "address": recipient.address,
            "manage_url": link("subscriptions", Purpose.MANAGE, recipient.generation),
            "unsubscribe_url": link("unsubscribe", Purpose.UNSUBSCRIBE, recipient.generation),
        }
        if isinstance(self.announcement, ConfirmationAnnouncement):
            links["confirm_url"] = link("confirm", Purpose.CONFIRM, self.announcement.generation)
        return links

    def _way_out(self, links: dict[str, str]) -> list[tuple[str, str]]:
        if isinstance(self.announcement, AccountAnnouncement):
            return []  # nobody can decline to learn that a password was changed
        return [
            ("List-Unsubscribe", f"<{links['unsubscribe_url']}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]

    def _thread(self, recipient: Recipient) -> list[tuple[str, str]]:
        # A root that was never sent: mail programs gather whatever names the same one, whichever message came first.
        if isinstance(self.announcement, IncidentAnnouncement):
            thread = f"incident-{self.announcement.incident_code}"
        elif isinstance(self.announcement, ReviewAnnouncement):
            thread = f"review-{self.announcement.slug}"
        else:
            return []
        root = f"<{thread}.s{recipient.subscriber_id}@{_host()}>"
        return [("In-Reply-To", root), ("References", root)]

    def _part(self, kind: str, content: str) -> bytes:
        encoded = b2a_qp(content.replace("\r\n", "\n").replace("\n", "\r\n").encode(), istext=True)
        head = (
            f"--{self.boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        return head.encode() + encoded + b"\r\n"


def _shared_headers(announcement: Announcement) -> str:
    subject = subject_of(announcement)
    values = [
        ("From", f"{_phrase(announcement.page_name)} <{settings.DEFAULT_FROM_EMAIL}>"),
        ("Subject", Header(subject, _charset(subject), header_name="Subject").encode(linesep="\r\n")),
        ("List-Id", f"{_phrase(announcement.page_name[:60])} <updates.{_host()}>"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ]
    return "".join(f"{name}: {value}\r\n" for name, value in values)


def _phrase(name: str) -> str:
    """A display name, quoted (RFC 5322) or encoded (RFC 2047) as it needs."""
    if _charset(name) == "us-ascii":
        return formataddr((name, "x@x"))[: -len(" <x@x>")]
    return Header(name, "utf-8", header_name="List-Id").encode(linesep="\r\n")


def _charset(text: str) -> str:
    # What looks like an encoded word is encoded once more, so that it arrives as it was typed.
    return "us-ascii" if text.isascii() and "=?" not in text else "utf-8"


def _filled(template: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(_SLOTS[name], value)
    return template


def _one_line(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("A header value must be one line of ASCII.")
    return value


def _host() -> str:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"[{host}]" if ":" in host else host
