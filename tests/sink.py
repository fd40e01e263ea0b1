"""A web server on the loopback address that misbehaves as told, for tests of what is read from elsewhere."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = bytes | Callable[[socket.socket], None]


class Sink:
    """What it was asked, each request whole as text, and what it answers to which path."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.port = port
        self.requests: list[str] = []
        self.answers: dict[str, Answer] = {}

    def say(self, path: str, body: bytes = b"", status: str = "200 OK", **headers: str) -> str:
        """Answer so to `path` from now on; header names with _ for -. Returns the whole address."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answers[path] = "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body
        return self.url + path

    def do(self, path: str, act: Callable[[socket.socket], None]) -> str:
        """Let `act` write to the connection itself. Returns the whole address."""
        self.answers[path] = act
        return self.url + path


@contextmanager
def sink(context: ssl.SSLContext | None = None) -> Iterator[Sink]:
    """A server that runs until the block ends; with a TLS context, over TLS."""
    listener = socket.create_server(("127.0.0.1", 0))
    told = Sink(listener.getsockname()[1], "https" if context else "http")

    def serve() -> None:
        while True:
            try:
                connection, _where = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve_one, args=(told, connection, context), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield told
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        listener.close()


def _serve_one(told: Sink, connection: socket.socket, context: ssl.SSLContext | None) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) if context else connection as used:
            used.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (more := used.recv(65_536)):
                head += more
            if not head:
                return
            told.requests.append(head.decode("latin-1"))
            answer = told.answers.get(head.split()[1].decode("latin-1"))
            if callable(answer):
                answer(used)
            else:
                used.sendall(answer or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    except OSError:
        return  # the other side went away, as many of these tests mean it to
