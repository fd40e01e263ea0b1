"""An SMTP server on the loopback address that does what a test tells it to, and counts."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.ERROR)  # a line for each command would be thousands


def free_port() -> int:
    """A port of the loopback address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sink:
    """`script(command, address)` returns a reply, "drop" to cut the connection, or None for yes."""

    def __init__(self, script: Callable[[str, str], str | None] | None = None, **options: Any) -> None:
        self.script = script or (lambda command, address: None)
        self.connections = 0
        self.commands: Counter[str] = Counter()
        self.raw: list[tuple[str, bytes]] = []
        self.port = free_port()
        sink = self

        class Counting(SMTP):
            def connection_made(self, transport: Any) -> None:
                sink.connections += 1
                super().connection_made(transport)

        class Listening(Controller):
            def factory(self) -> SMTP:
                return Counting(self.handler, **self.SMTP_kwargs)

        # Its own name is given, or it would ask the DNS at each connection.
        self._controller = Listening(self, hostname="127.0.0.1", port=self.port, server_hostname="sink.test", **options)

    def __enter__(self) -> Sink:
        self._controller.start()
        self.connections = 0  # the controller's own trial
        return self

    def __exit__(self, *caught: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """For settings.EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    # Not a property: aiosmtpd reads every attribute of its handler at each connection.
    def received(self) -> list[EmailMessage]:
        """What was accepted, or taken whole before the connection was cut, in order."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for _address, raw in self.raw]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        reply = self._reply("MAIL", address)
        envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        reply = self._reply("RCPT", address)
        if reply == "drop":
            server.transport.abort()
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (address,) = envelope.rcpt_tos  # one recipient a message, always
        reply = self._reply("DATA", address)
        if reply is None or reply == "drop":
            self.raw.append((address, envelope.content))
        if reply == "drop":
            server.transport.abort()
        return reply or "250 OK"

    def _reply(self, command: str, address: str) -> str | None:
        self.commands[command] += 1
        return self.script(command, address)


class RawServer:
    """Accepts connections and gives each to `talk` in a thread of its own."""

    def __init__(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        self._talk = talk
        self._is_over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._server.getsockname()[1]}"
        self.connections = 0

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *caught: object) -> None:
        self._is_over.set()
        self._server.close()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                peer, _address = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            try:
                self._talk(peer, self._is_over)
            except OSError:
                return


def drip(peer: socket.socket, is_over: threading.Event) -> None:
    """One byte a second, never a whole line."""
    while not is_over.is_set():
        peer.sendall(b"2")
        is_over.wait(1)


def drip_after_dot(peer: socket.socket, is_over: threading.Event) -> None:
    """Polite up to the final dot, then one byte a second."""
    reader = peer.makefile("rb")
    peer.sendall(b"220 hello\r\n")
    for line in reader:
        if line.upper().startswith(b"DATA"):
            peer.sendall(b"354 go on\r\n")
            while reader.readline() != b".\r\n":
                pass
            drip(peer, is_over)
        peer.sendall(b"250 fine\r\n")


def say_421(peer: socket.socket, is_over: threading.Event) -> None:
    """Too busy for anybody."""
    peer.sendall(b"421 4.3.2 too many connections\r\n")


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Return as soon as the condition holds; fail after the time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        threading.Event().wait(0.01)
