"""Deadlines that hold: a watchdog that shuts the socket of an exchange when its time is up.

A timeout argument is not a deadline: urllib3's `total=2` lasted 34 s against an upstream that sends a byte a second.
Imports no Django.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection

log = logging.getLogger(__name__)
CONNECT_SECONDS = 2.0
current = threading.local()


class Exchange:
    """One forwarded request: its place in the queue and the socket to shut when time is up."""

    def __init__(self, release: Callable[[], None]) -> None:
        self.socket: socket.socket | None = None
        self.is_late = False
        self._release = release
        self._closing = threading.Lock()
        self._is_closed = False

    def finish(self) -> None:
        """Give the place back, once, whoever calls first: the end of the answer or the deadline."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
        self._release()

    def hold(self, used: socket.socket | None) -> None:
        """Note the socket to shut; None before it is open. Raises TimeoutError when time was up before."""
        self.socket = used
        if self.is_late:
            raise TimeoutError("the deadline has passed")

    def expire(self) -> None:
        """Time is up: a blocked read or write returns at once with an error."""
        if self._is_closed:
            return
        self.is_late = True
        held = self.socket
        if held is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                log.debug("the connection was closed already: %s", error)
        self.finish()


class Watchdog:
    """One thread that calls `expire` of each exchange at its time."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Exchange]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, exchange: Exchange, seconds: float) -> None:
        """Expire `exchange` after so many seconds, unless it has finished by then."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), exchange))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                exchange = heapq.heappop(self._due)[2]
            exchange.expire()


class WatchedConnection(HTTPConnection):
    """Shows the exchange under way which socket it uses."""

    unix_socket: str | None = None

    def _new_conn(self) -> socket.socket:
        if self.unix_socket is None:
            return super()._new_conn()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(CONNECT_SECONDS)
        try:
            made.connect(self.unix_socket)
        except OSError as error:
            made.close()
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        return made

    def connect(self) -> None:
        super().connect()
        current.exchange.hold(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        current.exchange.hold(self.sock)
        super().request(*args, **kwargs)
