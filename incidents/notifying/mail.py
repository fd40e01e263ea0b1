"""One SMTP connection for many messages, each attempt within a wall-clock deadline (RFC 5321; STARTTLS RFC 3207).

The timeouts of smtplib count each read anew, so a server that drips a byte a second could hold a sender for ever. Here
a watchdog outside (`Senders`) shuts the socket down at `give_up_at`, and the blocked call returns with an error.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import unquote, urlsplit

from incidents.notifying.protocol import Answer, AnswerClass, Parcel

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
_LOGIN_CODES = (530, 534, 535, 538)
_RELAY_REFUSED = re.compile(rb"relay(ing)?\b.*\b(denied|not permitted|not allowed|prohibited)|unable to relay", re.I)
_ENHANCED = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_UNSAFE = re.compile(r"[\x00-\x20<>\x7f]")


class Step(IntEnum):
    """How far a message came."""

    CONNECT = 0
    MAIL = 1
    RCPT = 2
    DATA = 3
    BODY = 4
    END = 5  # after the final dot: the server may have taken it


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. `scheme`: smtp, smtp+tls (STARTTLS, required) or smtp+ssl."""

    scheme: str
    host: str
    port: int
    user: str
    password: str

    @classmethod
    def from_url(cls, url: str) -> MailServer:
        """Read `scheme://user:password@host:port`. Raises ValueError for another scheme or without a host."""
        form = "EMAIL_URL must look like smtp://user:password@host:port (or smtp+tls://, smtp+ssl://)."
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:  # its words may hold a part of the password: one with a / ends the address too early
            raise ValueError(f"{form} A / in the password is written %2F.") from None
        if parts.scheme not in _PORTS or not host:
            raise ValueError(form)
        port = port or _PORTS[parts.scheme]
        return cls(parts.scheme, host, port, unquote(parts.username or ""), unquote(parts.password or ""))


class NoServer:
    """A `Session` where EMAIL_URL cannot be read: everything waits, and the console says why."""

    give_up_at: float | None = None

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, parcel: Parcel) -> Answer:  # noqa: ARG002
        """Answer for everybody that it is our own fault."""
        return Answer(AnswerClass.LANE, self._reason)

    def abort(self) -> None:
        """Nothing hangs here."""

    def close(self) -> None:
        """Nothing is open."""


class SmtpSession:
    """A `Session` over SMTP. One thread sends; another may call `abort`."""

    def __init__(self, server: MailServer, sender: str, own_name: str, deadlines: tuple[float, float]) -> None:
        self.give_up_at: float | None = None
        self._server = server
        self._sender = sender
        self._own_name = own_name
        self._to_data_seconds, self._answer_seconds = deadlines
        self._smtp: smtplib.SMTP | None = None
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._step = Step.CONNECT

    def send(self, parcel: Parcel) -> Answer:
        """Hand over one message, over the open connection if there is one."""
        if _UNSAFE.search(parcel.address) or not parcel.address.isascii():
            return Answer(AnswerClass.BLOCKED, "The address cannot be used in SMTP.")
        self.give_up_at = time.monotonic() + self._to_data_seconds
        try:
            is_used = self._smtp is not None
            answer = self._converse(parcel)
            # Servers close a connection that was idle or has carried enough; that says nothing about the next one.
            if is_used and self._smtp is None and answer.kind in (AnswerClass.LANE, AnswerClass.TRANSIENT):
                answer = self._converse(parcel)
            return answer
        finally:
            self.give_up_at = None

    def abort(self) -> None:
        """Shut the socket down if the attempt is past its deadline."""
        with self._lock:
            if self._handle and self.give_up_at is not None and time.monotonic() >= self.give_up_at:
                _shut(self._handle)

    def close(self) -> None:
        """Say goodbye, but do not wait long for the answer."""
        if self._smtp is not None:
            self.give_up_at = time.monotonic() + 1
            # Gone already is what was wanted.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self.give_up_at = None
        self._drop()

    def _converse(self, parcel: Parcel) -> Answer:
        self._step = Step.CONNECT
        try:
            code, text = self._commands(self._smtp or self._connect(), parcel)
        except smtplib.SMTPResponseException as error:
            code, text = error.smtp_code, _bytes(error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(error)
        if not 200 <= code < 600:
            # Not a reply: smtplib hands on whatever came before the line was cut.
            return self._lost(smtplib.SMTPServerDisconnected(f"Half an answer: {code}"))
        answer = classify(self._step, code, text)
        if answer.kind == AnswerClass.LANE:
            self._drop()
        elif answer.kind != AnswerClass.ACCEPTED:
            self._reset()
        return answer

    def _commands(self, smtp: smtplib.SMTP, parcel: Parcel) -> tuple[int, bytes]:
        self._step = Step.MAIL
        code, text = smtp.mail(self._sender)
        if code != 250:
            return code, text
        self._step = Step.RCPT
        code, text = smtp.rcpt(parcel.address)
        if code not in (250, 251):
            return code, text
        self._step = Step.DATA
        code, text = smtp.docmd("DATA")
        if code != 354:
            return code, text
        self._step = Step.BODY
        self.give_up_at = time.monotonic() + self._answer_seconds
        # RFC 5321 section 4.5.2: a line that begins with a dot gets another one.
        body = _LEADING_DOT.sub(b"..", parcel.body)
        smtp.send(body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"))
        self._step = Step.END
        return smtp.getreply()

    def _connect(self) -> smtplib.SMTP:
        kind = _ImplicitTls if self._server.scheme == "smtp+ssl" else _Plain
        smtp = kind(local_hostname=self._own_name, timeout=self._to_data_seconds)
        smtp.on_socket = self._keep_handle
        smtp._host = self._server.host  # type: ignore[attr-defined]  # what starttls compares the certificate with
        self._smtp = smtp
        code, text = smtp.connect(self._server.host, self._server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        smtp.ehlo_or_helo_if_needed()
        if self._server.scheme == "smtp+tls":
            # Raises if the server does not offer it: never fall back to plain text.
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)
        assert smtp.sock is not None
        smtp.sock.settimeout(max(self._to_data_seconds, self._answer_seconds))
        return smtp

    def _keep_handle(self, sock: socket.socket) -> None:
        # A duplicate: TLS takes the socket object over, but a shutdown through the duplicate still cuts the connection.
        with self._lock:
            self._handle = sock.dup()

    def _lost(self, error: Exception) -> Answer:
        is_late = self.give_up_at is not None and time.monotonic() >= self.give_up_at - 0.01
        detail = "No answer within the deadline." if is_late else f"{type(error).__name__}: {error}"
        self._drop()
        if self._step == Step.END:
            return Answer(AnswerClass.AMBIGUOUS, detail)
        return Answer(AnswerClass.LANE if self._step == Step.CONNECT else AnswerClass.TRANSIENT, detail)

    def _reset(self) -> None:
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()
        with self._lock:
            if self._handle is not None:
                _shut(self._handle)
                self._handle.close()
                self._handle = None


def classify(step: Step, code: int, text: bytes) -> Answer:
    """What a reply means (RFC 5321 section 4.2, RFC 3463); `text` is what it says, the enhanced code first."""
    detail = f"{code} {text.decode('utf-8', 'replace')}"[:500]
    found = _ENHANCED.match(text)
    status = found.group(1).decode() if found else ""
    if step == Step.END and 200 <= code < 300:
        return Answer(AnswerClass.ACCEPTED, detail)
    if code == 421 or code in _LOGIN_CODES or step in (Step.CONNECT, Step.MAIL):
        return Answer(AnswerClass.LANE, detail)
    if step == Step.RCPT and code >= 500 and _RELAY_REFUSED.search(text):
        return Answer(AnswerClass.LANE, detail)
    # 552 to RCPT means a full mailbox or too many recipients, which pass (RFC 5321 section 4.5.3.1.10).
    if code >= 500 and code < 600 and not (step == Step.RCPT and code == 552):
        return Answer(AnswerClass.PERMANENT, detail, is_address_dead=status.startswith("5.1."))
    return Answer(AnswerClass.TRANSIENT, detail)


class _Plain(smtplib.SMTP):
    on_socket: object = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        self.on_socket(sock)  # type: ignore[operator]
        return sock


class _ImplicitTls(_Plain):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = super()._get_socket(host, port, timeout)
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


def _shut(sock: socket.socket) -> None:
    # The other side may have been quicker.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
