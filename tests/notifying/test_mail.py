"""What SMTP replies mean, how a server's address is written, and encryption that is not optional."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from incidents.notifying.mail import MailServer, SmtpSession, Step, classify
from incidents.notifying.protocol import Parcel
from tests.factories import utc
from tests.notifying.sink import Sink

T0 = utc("2026-06-23 14:52")
PARCEL = Parcel("reader@example.org", "<a@b>", T0, b"Subject: x\r\n\r\n.\r\n..dots\r\n")


def session(url: str) -> SmtpSession:
    return SmtpSession(MailServer.from_url(url), "status@example.org", "localhost", (5.0, 5.0))


@pytest.mark.parametrize(
    ("step", "code", "text", "kind", "is_dead"),
    [
        (Step.END, 250, b"2.0.0 queued", "accepted", False),
        (Step.CONNECT, 554, b"no service", "lane", False),
        (Step.CONNECT, 421, b"too many", "lane", False),
        (Step.CONNECT, 535, b"5.7.8 wrong", "lane", False),
        (Step.MAIL, 553, b"5.1.8 sender", "lane", False),
        (Step.RCPT, 421, b"4.3.2 closing", "lane", False),
        (Step.RCPT, 554, b"5.7.1 <a@b>: Relay access denied", "lane", False),
        (Step.RCPT, 550, b"5.7.1 relaying denied", "lane", False),
        (Step.RCPT, 450, b"4.2.0 greylisted", "transient", False),
        (Step.RCPT, 452, b"4.2.2 full", "transient", False),
        (Step.RCPT, 552, b"5.2.2 full", "transient", False),
        (Step.RCPT, 550, b"5.1.1 unknown", "permanent", True),
        (Step.RCPT, 550, b"no such user", "permanent", False),
        (Step.RCPT, 550, b"5.7.1 blocked", "permanent", False),
        (Step.DATA, 451, b"later", "transient", False),
        (Step.END, 451, b"later", "transient", False),
        (Step.END, 554, b"5.7.1 spam", "permanent", False),
        (Step.END, 552, b"5.3.4 too big", "permanent", False),
    ],
)
def test_replies_fall_into_their_classes(step: Step, code: int, text: bytes, kind: str, is_dead: bool) -> None:
    answer = classify(step, code, text)
    assert (answer.kind, answer.is_address_dead) == (kind, is_dead)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("smtp", "mail.example", 25, "", "")),
        ("smtp+tls://me%40x:p%2Fw@mail.example", ("smtp+tls", "mail.example", 587, "me@x", "p/w")),
        ("smtp+ssl://mail.example:4650", ("smtp+ssl", "mail.example", 4650, "", "")),
        ("smtp://[::1]:2525", ("smtp", "::1", 2525, "", "")),
    ],
)
def test_the_address_of_a_server_is_read(url: str, expected: tuple[Any, ...]) -> None:
    server = MailServer.from_url(url)
    assert (server.scheme, server.host, server.port, server.user, server.password) == expected


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example", "smtp:mail"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="EMAIL_URL"):
        MailServer.from_url(url)


def test_lines_that_begin_with_dots_arrive_as_they_are() -> None:
    with Sink() as sink:
        line = session(sink.url)
        assert line.send(PARCEL).kind == "accepted"
        line.close()
    assert sink.raw == [("reader@example.org", PARCEL.body)]


@pytest.mark.parametrize("address", ["a@b.co>\r\nDATA", "a b@c.co", "ü@b.co", "a@b.co\x00"])
def test_an_address_that_could_be_a_command_is_never_sent(address: str) -> None:
    with Sink() as sink:
        assert session(sink.url).send(Parcel(address, "<a@b>", T0, b"x")).kind == "blocked"
    assert sink.commands["MAIL"] == 0


def test_a_wrong_password_is_nobodys_fault_but_ours() -> None:
    with Sink(
        authenticator=lambda *_given: AuthResult(success=False, handled=False),
        auth_require_tls=False,
        auth_required=True,
    ) as sink:
        answer = session(sink.url.replace("smtp://", "smtp://me:wrong@")).send(PARCEL)
    assert (answer.kind, answer.detail[:3]) == ("lane", "535")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed but itself, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.mark.parametrize("is_trusted", [True, False])
def test_starttls_is_used_and_the_certificate_is_verified(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with Sink(tls_context=context, require_starttls=True) as sink:
        line = session(sink.url.replace("smtp://", "smtp+tls://"))
        answer = line.send(PARCEL)
        line.close()
    assert answer.kind == ("accepted" if is_trusted else "lane")
    assert len(sink.raw) == int(is_trusted)
