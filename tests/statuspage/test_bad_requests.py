"""What the guard makes of bad requests, sent raw to a live one: the group `http_public` of the bad inputs."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from incidents.publishing.tree import Page, Tree
from statuspage.front import is_known_host
from tests.live.guard import live_guard
from tests.live.running import until


@dataclass(frozen=True)
class Answer:
    """A status, headers by lower-case name, the body."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("public"))
    front = b"<h1>Is it broken?</h1>" * 200
    made.swap(
        [
            Page("/", front, "text/html; charset=utf-8"),
            Page("/history", b"all months", "text/html; charset=utf-8"),
            Page("/feed.json", b'{"items": []}', "application/json"),
        ]
    )
    made.write_cold(Page("/badge/api.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"))
    made.write_heartbeat({"time": datetime.now(UTC).isoformat()})
    return made


@pytest.fixture(scope="module")
def port(tree: Tree) -> Iterator[int]:
    with live_guard(tree.root, GRANIAN_HTTP1_HEADER_READ_TIMEOUT="1500") as found:
        yield found


def send(port: int, raw: bytes) -> Answer:
    """One request as these bytes, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(raw)
        return answer_on(wire)


def answer_on(wire: socket.socket) -> Answer:
    """The answer that comes on a connection; one whose length is told."""
    stream = wire.makefile("rb")
    first = stream.readline()
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(first.split()[1]), headers, stream.read(int(headers.get("content-length", 0))))


def get(port: int, target: str, *lines: str, method: str = "GET", host: str = "status.example.com") -> Answer:
    head = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "Connection: close", "", ""])
    return send(port, head.encode("latin-1"))


def test_query_strings_do_not_change_what_is_sent(port):
    plain = get(port, "/")
    chance = random.Random(5)
    queries = [f"cb={chance.random()}" for _ in range(100)]
    queries += ["from=0001-01-01&to=9999-12-31", "q='%20OR%201=1%20--", "q=%", "q=" + "x" * 8000, "%00", "=&&="]
    for query in queries:
        got = get(port, f"/?{query}")
        assert (got.status, got.body, got.headers["etag"]) == (200, plain.body, plain.headers["etag"])
    assert get(port, "/?q=" + "x" * 100_000).status in (200, 400, 414, 431)


def test_no_cookie_is_set_and_none_changes_the_answer(port):
    got = get(port, "/", f"Cookie: sessionid={random.Random(5).random()}")
    assert got.body == get(port, "/").body
    assert "set-cookie" not in got.headers
    assert got.headers["cache-control"].startswith("public, ")
    assert got.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("target", ["/", "/history/", "/nothing", "/feed.json"])
@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("evil.example", []),
        ("evil.example:80@x", []),
        ("status.example.com", ["X-Forwarded-Host: evil.example", "X-Forwarded-For: 203.0.113.9"]),
        ("status.example.com", ["X-Original-URL: /evil.example", "X-Rewrite-URL: /evil.example"]),
        ("status.example.com", ["Forwarded: host=evil.example"]),
    ],
)
def test_a_foreign_host_leaves_no_trace_in_the_answer(port, target, host, lines):
    got, plain = get(port, target, *lines, host=host), get(port, target)
    if got.status == 400:  # the server itself found the name impossible
        return
    assert (got.status, got.body) == (plain.status, plain.body)
    assert "evil" not in str(got.headers)
    assert "evil" not in got.body.decode()
    assert got.headers.get("location") in (None, "/history")


def test_a_host_that_is_not_allowed_is_refused(tree):
    with live_guard(tree.root, ALLOWED_HOSTS="status.example.com, .example.net, [::1]") as other:
        for host in ("evil.example", "xexample.net", "", "status.example.com.evil.example"):
            got = get(other, "/", host=host)
            assert got.status == 400
            assert got.headers["cache-control"] == "no-cache"
            assert "etag" not in got.headers
        for host in (
            "status.example.com",
            "STATUS.example.com:8000",
            "a.example.net",
            "example.net",
            "[::1]:80",
            "[::1]",
        ):
            assert get(other, "/", host=host).status == 200, host


def test_a_star_allows_every_host():
    assert is_known_host(["*"], "anything")


def test_an_absolute_address_gets_our_own_page_or_a_refusal(port):
    got = get(port, "http://evil.example/")
    assert got.status == 400 or got.body == get(port, "/").body
    assert b"evil" not in got.body


@pytest.mark.parametrize(
    "target",
    ["/static/..%2f..%2fsettings.py", "/static/../../settings.py", "/..%5c..%5cVERSION", "//evil.example/%2e%2e"]
    + ["//evil.example", "/%2e%2e/VERSION", "/./", "/incidents/%00", "/console/..%2f..%2fVERSION", "/\\evil.example/"],
)
def test_odd_paths_are_not_there(port, target):
    got = get(port, target)
    assert got.status in (400, 404)
    assert "location" not in got.headers


@pytest.mark.parametrize("target", ["/manage/abcdef/x.css", "/subscribe/x.css", "/console.css", "/history/x.css"])
def test_nothing_public_is_made_up_for_an_ending(port, target):
    got = get(port, target)
    assert (got.status, got.headers["cache-control"]) == (404, "no-cache")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/subscriptions/abcdef/x.css", "/unsubscribe/abcdef/x.css", "/console/incidents/x.css"]
)
def test_no_personal_page_is_kept_under_a_public_ending(client, path):
    got = client.get(path)
    assert got.status_code == (302 if path.startswith("/console") else 404)  # to where one signs in
    assert "no-store" in got["Cache-Control"]


@pytest.mark.parametrize("number", ["0", "1e9", "-1", "99999", "123456789012", "abc", "%D9%A1", ""])
def test_a_bad_page_number_is_not_there_or_the_first(port, number):
    got = get(port, f"/history?page={number}")
    assert got.status == 404 or got.body == b"all months"


def test_methods_other_than_reading_are_refused(port):
    whole, head = get(port, "/"), get(port, "/", method="HEAD")
    same = ("etag", "content-type", "content-length", "cache-control")
    assert (head.status, [head.headers[name] for name in same]) == (200, [whole.headers[name] for name in same])
    assert head.body == b""
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "POST", "OPTIONS"):
        got = get(port, "/", "Content-Length: 0", "X-Secret: 42", method=method)
        assert (got.status, got.headers["allow"]) == (405, "GET, HEAD"), method
        assert b"42" not in got.body


def test_a_header_of_100_kb_is_refused(port):
    assert get(port, "/", "X-A: " + "a" * 100_000).status in (400, 431)
    assert get(port, "/", "X-A: " + "a" * 4_000).status == 200


def test_a_body_of_2_mb_on_a_get_is_ignored_or_refused(port):
    size = 2 * 1024 * 1024
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        try:
            wire.sendall(b"x" * size)
        except OSError:
            pass  # refused half way: as good
        else:
            assert answer_on(wire).status in (200, 413)
    assert get(port, "/").status == 200


def test_500_half_open_requests_leave_the_page_quick_and_are_dropped(port):
    with ExitStack() as stack:
        slow = []
        for _ in range(500):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
            slow.append(wire)
        took = []
        for _ in range(20):
            start = time.perf_counter()
            assert get(port, "/").status == 200
            took.append(time.perf_counter() - start)
        assert sorted(took)[10] < 0.5, f"the page took {max(took):.3f} s beside 500 half-open requests"
        for wire in slow:
            wire.setblocking(False)
        until(lambda: all(map(is_closed, slow)), 10, "the half-open requests are dropped")


def is_closed(wire: socket.socket) -> bool:
    """Whether the server has ended a connection; what it says first (408) is read away."""
    try:
        while wire.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("accepted", ["application/json", "application/xml;q=1, text/html;q=0", "*/*", "nonsense"])
def test_an_html_page_stays_html_whatever_is_accepted(port, accepted):
    got = get(port, "/", f"Accept: {accepted}")
    assert (got.headers["content-type"], got.body) == ("text/html; charset=utf-8", get(port, "/").body)


def test_data_is_open_to_scripts_of_all_sites_without_credentials(port):
    got = get(port, "/feed.json", "Origin: https://x.example")
    assert got.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in got.headers
    assert "access-control-allow-origin" not in get(port, "/", "Origin: https://x.example").headers


@pytest.mark.django_db
def test_the_console_is_closed_to_frames_and_scripts_of_other_sites(client):
    got = client.get("/console/sign-in", HTTP_ORIGIN="https://x.example")
    assert got.status_code == 200
    assert "Access-Control-Allow-Origin" not in got
    assert got["X-Frame-Options"] == "DENY"


def test_a_badge_ignores_what_is_asked_of_it(port):
    got = get(port, "/badge/api.svg?label=%3Cscript%3Ealert(1)%3C/script%3E")
    assert got.body == get(port, "/badge/api.svg").body
    assert got.headers["x-content-type-options"] == "nosniff"
    assert b"script" not in got.body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "' OR 1=1 --",
        "%",
        "_",
        "\\",
        "\x00",
        "x" * 100_000,
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_a_search_of_any_text_is_an_answer(console, text):
    assert console.get("/console/incidents", {"q": text}).status_code == 200
