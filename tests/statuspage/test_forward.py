"""The guard in front of Django, as it runs: a live server, and upstreams that answer, freeze, drip or are not there."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest
import urllib3

from incidents.publishing.tree import Page, Tree

DEADLINE = 3.0
THREADS = 9
AT_ONCE = 8
http = urllib3.PoolManager(retries=False, maxsize=40, timeout=30)


class Echo(BaseHTTPRequestHandler):
    """Tells what arrived; the address says how to answer."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def address_string(self):
        return "client"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append(  # type: ignore[attr-defined]
            (self.command, self.path, list(self.headers.items()), self.rfile.read(length))
        )
        if self.path.startswith("/console/moved"):
            return self._answer(
                302, b"", [("Location", "/console/there"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
            )
        if self.path.startswith("/console/large"):
            return self._answer(200, b"x" * 3_000_000, [("Content-Type", "text/csv")])
        hops = [("Connection", "X-Own"), ("X-Own", "1"), ("Keep-Alive", "timeout=5"), ("Content-Type", "text/plain")]
        return self._answer(200, b"hello from behind", hops)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET

    def _answer(self, status, body, headers):
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Upstream(ThreadingHTTPServer):
    def __init__(self, address, handler):
        super().__init__(address, handler)
        self.seen = []


class UnixUpstream(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def __init__(self, address, handler):
        super().__init__(address, handler)
        self.seen = []


@contextmanager
def serving(server: Upstream | UnixUpstream):
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def listening(behave):
    """An upstream that takes connections and does to each of them what `behave(connection)` says."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        kept = []

        def accept():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                kept.append(connection)
                threading.Thread(target=behave, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", kept
        listener.shutdown(socket.SHUT_RDWR)
        for each in kept:
            each.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def front(root, upstream, **env):
    """A live guard; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--no-ws", "--port", str(port)]
    command += ["--blocking-threads", str(THREADS), "statuspage.front:application"]
    inherited = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    inherited |= {"PUBLIC_ROOT": str(root), "UPSTREAM": upstream, "FRONT_THREADS": str(THREADS), "HTTP_PROXY": "evil"}
    process = subprocess.Popen(command, env=inherited | {"FORWARD_DEADLINE_SECONDS": str(DEADLINE)} | env)
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 20
        while True:
            try:
                http.request("GET", f"{base}/", timeout=1)
                break
            except urllib3.exceptions.HTTPError:
                assert process.poll() is None
                assert time.monotonic() < until
        yield base
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    made = Tree(tmp_path_factory.mktemp("public"))
    made.swap([Page("/", b"<p>front</p>" * 200, "text/html; charset=utf-8")])
    return made.root


@pytest.fixture(scope="module")
def echo():
    with serving(Upstream(("127.0.0.1", 0), Echo)) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(root, echo):
    with front(root, f"http://127.0.0.1:{echo.server_port}") as base:
        yield base


@pytest.fixture
def trusting(root, echo):
    with front(root, f"http://127.0.0.1:{echo.server_port}", TRUSTED_PROXIES="127.0.0.0/8") as base:
        yield base


def last_seen(echo):
    method, path, headers, body = echo.seen[-1]
    return method, path, {name.lower(): value for name, value in headers}, body


def test_the_live_server_answers_public_pages_from_the_tree(guarded):
    got = http.request("GET", f"{guarded}/", headers={"Accept-Encoding": "br"}, decode_content=False)
    assert (got.status, got.headers["Content-Encoding"]) == (200, "br")
    again = http.request("GET", f"{guarded}/", headers={"Accept-Encoding": "br", "If-None-Match": got.headers["ETag"]})
    assert (again.status, again.data) == (304, b"")
    head = http.request("HEAD", f"{guarded}/")
    assert (head.status, head.data, head.headers["Content-Length"]) == (200, b"", str(12 * 200))


@pytest.mark.parametrize("target", ["/../x", "//", "/%2e%2e/x", "/%2e%2e%2fVERSION", "/a%00", "/static/%2e%2e/console"])
def test_no_spelling_of_a_path_leaves_the_tree(guarded, echo, target):
    count = len(echo.seen)
    with socket.create_connection(("127.0.0.1", int(guarded.rpartition(":")[2]))) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status = int(raw.makefile("rb").readline().split()[1])
    assert status in (400, 404)
    assert len(echo.seen) == count


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_is_not_public_is_handed_on_with_method_path_query_and_body(guarded, echo, method):
    body = b"name=value" if method in ("POST", "PUT", "PATCH", "DELETE") else None
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "session=1", "X-Thing": "y"}
    got = http.request(method, f"{guarded}/console/%C3%A4%20b?q=%C3%A4&n=1", body=body, headers=headers)
    assert (got.status, got.data) == (200, b"hello from behind")
    seen_method, path, seen, seen_body = last_seen(echo)
    assert (seen_method, path, seen_body) == (method, "/console/%C3%A4%20b?q=%C3%A4&n=1", body or b"")
    assert (seen["cookie"], seen["x-thing"]) == ("session=1", "y")
    assert seen["host"] == guarded.removeprefix("http://")


def test_the_subscription_form_is_sent_on_and_its_page_is_not(guarded, echo):
    assert http.request("POST", f"{guarded}/subscribe", body=b"email=a").data == b"hello from behind"
    assert http.request("GET", f"{guarded}/subscribe").status == 404
    assert http.request("DELETE", f"{guarded}/subscribe").headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "prefix", ["accounts", "subscriptions/t", "unsubscribe/t", "confirm/t", "healthz", "readyz", "metrics", "v1/x"]
)
def test_each_forwarded_prefix_reaches_django(guarded, prefix):
    assert http.request("GET", f"{guarded}/{prefix}").data == b"hello from behind"


def test_headers_for_one_hop_stay_on_it_in_both_directions(guarded, echo):
    headers = {"Connection": "keep-alive, X-Mine", "X-Mine": "1", "TE": "trailers", "Proxy-Authorization": "x"}
    got = http.request("GET", f"{guarded}/console", headers=headers)
    _, _, seen, _ = last_seen(echo)
    assert not {"x-mine", "te", "proxy-authorization", "proxy"} & seen.keys()
    assert not {"X-Own", "Keep-Alive"} & set(got.headers)


def test_a_client_cannot_say_where_it_comes_from_unless_it_is_a_trusted_proxy(guarded, trusting, echo):
    told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "status.example.org"}
    http.request("GET", f"{guarded}/console", headers=told)
    _, _, seen, _ = last_seen(echo)
    own_host = guarded.removeprefix("http://")
    assert [seen[f"x-forwarded-{each}"] for each in ("for", "proto", "host")] == ["127.0.0.1", "http", own_host]
    http.request("GET", f"{trusting}/console", headers=told)
    _, _, seen, _ = last_seen(echo)
    assert seen["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-host"]) == ("https", "status.example.org")


def test_every_forwarded_request_has_an_id_that_the_answer_repeats(guarded, echo):
    got = http.request("GET", f"{guarded}/console", headers={"X-Request-ID": "abc-12345"})
    assert got.headers["X-Request-ID"] == last_seen(echo)[2]["x-request-id"] == "abc-12345"
    got = http.request("GET", f"{guarded}/console", headers={"X-Request-ID": "bad id!"})
    assert got.headers["X-Request-ID"] == last_seen(echo)[2]["x-request-id"]
    assert len(got.headers["X-Request-ID"]) == 32


def test_redirects_and_cookies_pass_untouched(guarded):
    got = http.request("GET", f"{guarded}/console/moved", redirect=False)
    assert (got.status, got.headers["Location"]) == (302, "/console/there")
    assert got.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


def test_a_long_answer_arrives_whole(guarded):
    assert len(http.request("GET", f"{guarded}/console/large").data) == 3_000_000


def test_a_body_of_ten_megabytes_passes_and_a_larger_one_is_refused(guarded, echo):
    limit = 10 * 1024 * 1024
    assert http.request("POST", f"{guarded}/console", body=b"x" * limit).status == 200
    assert len(last_seen(echo)[3]) == limit
    count = len(echo.seen)
    assert http.request("POST", f"{guarded}/console", body=b"x" * (limit + 1)).status == 413
    assert http.request("POST", f"{guarded}/console", body=iter([b"x"]), chunked=True).status == 411
    assert len(echo.seen) == count


def test_without_django_the_console_says_so_and_the_page_goes_on(root):
    with front(root, "http://127.0.0.1:9") as base:
        got = http.request("POST", f"{base}/console/x", body=b"text=long")
        assert (got.status, got.headers["Retry-After"]) == (503, "5")
        assert b"What you typed is kept in your browser" in got.data
        assert http.request("GET", f"{base}/v1/x").headers["Content-Type"] == "application/json"
        assert http.request("GET", f"{base}/").status == 200


def test_django_may_stand_behind_a_unix_socket(root, tmp_path):
    address = f"/tmp/candor-test-{os.getpid()}.sock"  # a path under tmp_path can be too long for a socket
    try:
        with serving(UnixUpstream(address, Echo)), front(root, f"unix:{address}") as base:
            assert http.request("GET", f"{base}/console").data == b"hello from behind"
    finally:
        os.unlink(address)


@pytest.mark.alone
def test_requests_stuck_on_a_frozen_django_leave_the_page_quick(root):
    """Eight hang, the ninth is refused at once, `/` stays under 50 ms, and after the deadline the places are free."""
    with (
        listening(lambda connection: None) as (upstream, kept),
        front(root, upstream) as base,
        ThreadPoolExecutor(THREADS) as people,
    ):
        started = time.monotonic()
        stuck = [people.submit(http.request, "GET", f"{base}/console/{number}") for number in range(AT_ONCE)]
        while len(kept) < AT_ONCE:
            assert time.monotonic() - started < DEADLINE
        times = []
        for _ in range(50):
            before = time.monotonic()
            assert http.request("GET", f"{base}/").status == 200
            times.append(time.monotonic() - before)
        before = time.monotonic()
        refused = http.request("GET", f"{base}/console/one-too-many")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert time.monotonic() - before < 0.25
        assert time.monotonic() - started < DEADLINE  # all of this while the eight were stuck
        assert max(times) < 0.05
        assert [each.result().status for each in stuck] == [503] * AT_ONCE
        assert time.monotonic() - started < DEADLINE + 1.5
        count = len(kept)
        freed = people.submit(http.request, "GET", f"{base}/console/again")
        assert freed.result().status == 503
        assert len(kept) == count + 1  # it reached the upstream: its place was free


def drip(text, before=b""):
    def behave(connection):
        try:
            connection.sendall(before)
            for byte in text:
                connection.sendall(bytes([byte]))
                time.sleep(1)  # the slowness is what is tested
        except OSError:
            return

    return behave


@pytest.mark.alone
@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"], ids=["headers", "body"])
def test_an_upstream_that_sends_a_byte_a_second_ends_at_the_deadline(root, before):
    with listening(drip(b"HTTP/1.1 200 OK\r\n" * 20, before)) as (upstream, _), front(root, upstream) as base:
        started = time.monotonic()
        assert http.request("GET", f"{base}/console").status == 503
        assert DEADLINE - 0.5 < time.monotonic() - started < DEADLINE + 1.5


@pytest.mark.alone
def test_a_long_answer_that_breaks_off_ends_at_the_deadline_too(root):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 2_000_000
    with listening(drip(b"y" * 60, head)) as (upstream, _), front(root, upstream) as base:
        started = time.monotonic()
        with pytest.raises(urllib3.exceptions.ProtocolError):
            http.request("GET", f"{base}/console", preload_content=True)
        assert time.monotonic() - started < DEADLINE + 1.5


@pytest.mark.alone
def test_senders_that_never_finish_leave_the_page_and_half_of_the_places_alone(guarded, echo):
    body = b"name=value"
    port = int(guarded.rpartition(":")[2])
    slow = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(THREADS)]
    try:
        for each in slow:
            each.sendall(b"POST /console HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        readable, _, _ = select.select(slow, [], [], 10)
        assert readable  # the first refusal: the places for bodies are taken
        before = time.monotonic()
        assert http.request("GET", f"{guarded}/", timeout=1).status == 200
        assert time.monotonic() - before < 0.05
        assert http.request("GET", f"{guarded}/console").status == 200
        assert http.request("POST", f"{guarded}/console", body=body).status == 503
    finally:
        for each in slow:
            each.close()
    until = time.monotonic() + 10
    while http.request("POST", f"{guarded}/console", body=body).status != 200:
        assert time.monotonic() < until
    assert last_seen(echo)[3] == body
    assert b"abc" not in [each[3] for each in echo.seen]  # what never arrived whole was not handed on


def test_a_path_in_any_encoding_arrives_as_it_was_sent(guarded, echo):
    http.request("GET", f"{guarded}/console/%E2%82%AC%FF?q=%FF")
    assert last_seen(echo)[1] == "/console/%E2%82%AC%FF?q=%FF"
    assert http.request("GET", f"{guarded}/%ff").status == 404
