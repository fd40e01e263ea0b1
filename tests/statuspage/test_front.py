"""The guard, called as WSGI: what it answers from the tree. Its dealings with Django are in test_forward.py."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime
from types import SimpleNamespace

import brotli  # type: ignore[import-untyped]
import pytest

from incidents.publishing.tree import Page, Tree
from statuspage import running
from statuspage.front import Front
from statuspage.shelf import welcome_codings

HTML = "text/html; charset=utf-8"
TEXT = b"<p>The API answers slowly.</p>" * 40


@pytest.fixture(autouse=True)
def looking_each_time(monkeypatch):
    monkeypatch.setattr("statuspage.shelf.LOOK_EVERY_SECONDS", 0)


@pytest.fixture
def tree(tmp_path):
    made = Tree(tmp_path / "public")
    made.swap(
        [
            Page("/", TEXT, HTML),
            Page("/history", b"all months", HTML),
            Page("/history.json", b'{"incidents": []}', "application/json"),
            Page("/404", b"<p>styled: nothing here</p>", HTML, status=404),
        ]
    )
    made.write_cold(Page("/incidents/abc", b"<p>first</p>", HTML))
    made.write_cold(Page("/history/2026-03", b"March", HTML))
    made.write_cold(Page("/gate/api", b"down major_outage\n", "text/plain; charset=utf-8", status=503))
    beat(made)
    return made


def beat(tree, seconds_ago=0):
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    tree.write_heartbeat({"time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "revision": tree.version})
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def front(tree):
    return front_of(tree.root)


def front_of(root):
    # A port that nothing listens on: whatever these tests get, they get without Django.
    return Front.from_environment({"PUBLIC_ROOT": str(root), "UPSTREAM": "http://127.0.0.1:9"})


def ask(front, path, method="GET", query="", **headers):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    got = SimpleNamespace()

    def start_response(status, pairs, exc_info=None):
        got.status, got.pairs = int(status[:3]), pairs
        got.headers = {name.lower(): value for name, value in pairs}

    got.body = b"".join(front(environ, start_response))
    return got


def test_a_page_comes_with_validators_security_headers_and_no_cookie(front):
    got = ask(front, "/")
    assert (got.status, got.body) == (200, TEXT)
    assert got.headers["content-type"] == HTML
    assert got.headers["cache-control"] == "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
    assert got.headers["vary"] == "Accept-Encoding"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["referrer-policy"] == "same-origin"
    assert got.headers["x-frame-options"] == "DENY"
    assert got.headers["content-length"] == str(len(TEXT))
    assert got.headers["etag"].startswith('"')
    assert "last-modified" in got.headers
    assert "set-cookie" not in got.headers


def test_hot_and_cold_pages_and_the_heartbeat_are_found(front):
    assert ask(front, "/history.json").body == b'{"incidents": []}'
    assert ask(front, "/incidents/abc").body == b"<p>first</p>"
    assert ask(front, "/heartbeat.json").headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br, gzip", "br"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=0.5, br;q=0", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("identity", None),
        ("", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("gzip;q=wrong", None),
        ("deflate", None),
    ],
)
def test_the_best_coding_that_the_client_takes_is_sent(front, accepted, coding):
    got = ask(front, "/", accept_encoding=accepted)
    assert got.headers.get("content-encoding") == coding
    plain = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding](got.body)
    assert plain == TEXT
    assert got.headers["content-length"] == str(len(got.body))


def test_the_table_of_codings_ends_with_the_plain_form():
    assert welcome_codings("gzip;q=1.0, br;q=0.1, zstd") == ("br", "gzip", "")


def test_two_codings_are_two_representations(front):
    tags = {ask(front, "/", accept_encoding=each).headers["etag"] for each in ("br", "gzip", "")}
    assert len(tags) == 3


def test_head_sends_the_same_headers_and_no_body(front):
    got, whole = ask(front, "/", "HEAD", accept_encoding="br"), ask(front, "/", accept_encoding="br")
    assert got.body == b""
    assert got.pairs == whole.pairs


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other" , W/{} ,"x"', "*"])
def test_a_client_that_holds_the_page_gets_304(front, method, form):
    etag = ask(front, "/", accept_encoding="gzip").headers["etag"]
    got = ask(front, "/", method, accept_encoding="gzip", if_none_match=form.format(etag))
    assert (got.status, got.body) == (304, b"")
    assert got.headers["etag"] == etag
    assert {"cache-control", "vary", "candor-as-of"} <= got.headers.keys()
    assert not {"content-length", "content-type", "content-encoding"} & got.headers.keys()


def test_a_validator_of_another_state_gets_the_page(front):
    assert ask(front, "/", if_none_match='"0123"').status == 200


def test_if_modified_since_counts_only_without_if_none_match(front):
    at = ask(front, "/").headers["last-modified"]
    before = formatdate(parsedate_to_datetime(at).timestamp() - 1, usegmt=True)
    assert ask(front, "/", if_modified_since=at).status == 304
    assert ask(front, "/", if_modified_since=before).status == 200
    assert ask(front, "/", if_modified_since=at, if_none_match='"other"').status == 200
    assert ask(front, "/", if_modified_since="yesterday").status == 200


def test_two_publishes_within_a_second_of_equal_length_are_two_states(tree, front):
    first = ask(front, "/incidents/abc")
    tree.write_cold(Page("/incidents/abc", b"<p>other</p>", HTML))
    second = ask(front, "/incidents/abc", if_none_match=first.headers["etag"])
    third = ask(front, "/incidents/abc", if_modified_since=first.headers["last-modified"])
    assert (second.status, third.status) == (200, 200)
    assert second.body == third.body == b"<p>other</p>"
    tree.swap([Page("/", b"state=OK  ", HTML)])
    first = ask(front, "/")
    tree.swap([Page("/", b"state=DOWN", HTML)])
    second = ask(front, "/", if_none_match=first.headers["etag"])
    third = ask(front, "/", if_modified_since=first.headers["last-modified"])
    assert second.body == third.body == b"state=DOWN"


def test_a_closed_gate_is_never_a_304(front):
    got = ask(front, "/gate/api")
    assert (got.status, got.body) == (503, b"down major_outage\n")
    assert ask(front, "/gate/api", if_none_match=got.headers["etag"]).status == 503
    assert ask(front, "/gate/api", if_none_match="*").status == 503


def test_a_swap_is_seen_by_the_next_request_and_a_removed_page_is_gone(tree, front):
    ask(front, "/")
    tree.swap([Page("/", b"new", HTML)])
    assert ask(front, "/").body == b"new"
    assert ask(front, "/incidents/abc").status == 200
    tree.remove_cold_pages(["/incidents/abc"])
    assert ask(front, "/incidents/abc").status == 404


@pytest.mark.parametrize("path", ["/", "/incidents/abc"])
def test_what_was_looked_at_stands_for_two_milliseconds(tree, front, monkeypatch, path):
    now = [1000.0]
    monkeypatch.setattr("statuspage.shelf.LOOK_EVERY_SECONDS", 0.002)
    monkeypatch.setattr("statuspage.shelf.time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: 0.0))
    first = ask(front, path)
    tree.swap([Page("/", b"new", HTML)])
    tree.write_cold(Page("/incidents/abc", b"new", HTML))
    now[0] += 0.001
    assert ask(front, path).body == first.body
    now[0] += 0.001
    assert ask(front, path).body == b"new"


@pytest.mark.parametrize("path", ["/", "/incidents/abc", "/gate/api", "/history.json"])
def test_what_is_asked_again_at_once_is_answered_as_before(tree, front, monkeypatch, path):
    monkeypatch.setattr("statuspage.shelf.LOOK_EVERY_SECONDS", 60)
    for accepted in ("gzip", "br, gzip", "", *(f"x{number}" for number in range(20))):
        first, again = (ask(front, path, accept_encoding=accepted) for _ in range(2))
        assert (first.status, first.pairs, first.body) == (again.status, again.pairs, again.body)
        etag = first.headers["etag"]
        held = [ask(front, path, accept_encoding=accepted, if_none_match=etag) for _ in range(2)]
        assert [each.status for each in held] == [503 if path == "/gate/api" else 304] * 2
        assert held[0].pairs == held[1].pairs
        assert ask(front, path, "HEAD", accept_encoding=accepted).pairs == first.pairs
    assert ask(front, "/history", query="page=2").status == 404, "a query string is still read"
    assert ask(front, path, "POST").status == 405


def test_a_set_of_files_that_disagree_is_never_served(tree, front):
    ask(front, "/incidents/abc")
    body = tree.root / "cold/incidents/abc.html"
    meta = body.with_name("abc.html.meta")
    body.write_bytes(b"<p>half of a new te")
    os.utime(meta)  # the sidecar looks replaced, the body does not fit it
    assert ask(front, "/incidents/abc").body == b"<p>first</p>"
    fresh = ask(front_of(tree.root), "/incidents/abc")  # a guard that has nothing in memory says so
    assert (fresh.status, fresh.headers["retry-after"]) == (503, "1")
    tree.write_cold(Page("/incidents/abc", b"<p>whole</p>", HTML))
    assert ask(front, "/incidents/abc").body == b"<p>whole</p>"


def test_a_reader_beside_a_busy_publisher_only_ever_sees_whole_pages(tree, front):
    stop = threading.Event()

    def publish():
        number = 0
        while not stop.is_set():
            number += 1
            text = f"<p>{number}</p>".encode() * (100 + number % 7)
            tree.write_cold(Page("/incidents/abc", text, HTML))
            tree.swap([Page("/", text, HTML)])

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        seen: set[bytes] = set()
        while len(seen) < 40:
            for path in ("/", "/incidents/abc"):
                got = ask(front, path, accept_encoding="gzip")
                assert got.status in (200, 503)
                if got.status == 200 and got.headers.get("content-encoding"):
                    text = gzip.decompress(got.body)
                    assert len(set(text.split(b"</p>"))) == 2
                    seen.add(text)
    finally:
        stop.set()
        publisher.join()


def test_a_damaged_revision_leaves_the_former_one_in_service(tree, front):
    ask(front, "/")
    (tree.root / "VERSION").write_text("99\n")
    assert ask(front, "/").body == TEXT
    tree.swap([Page("/", b"well again", HTML)])
    assert ask(front, "/").body == b"well again"


@pytest.mark.parametrize(
    "path",
    ["/../x", "//", "//evil.example/", "/..", "/a\0b", "/cold/x", "/VERSION", "/manifest.json", "/rev-1/index"]
    + ["/index.html", "/incidents/abc.html", "/incidents/abc.html.meta", "/.lock", "/incidents/../incidents/abc"]
    + ["/static/../console", "/console//x", "/consolex", "/nope", "/nope/", "/x" * 3000, "/\u00e4", "/%2e%2e/x"],
)
def test_what_is_not_in_the_tree_is_the_guards_own_404(front, path):
    assert ask(front, path).status == 404


def test_the_404_page_is_styled_when_there_is_one(tree, front):
    assert ask(front, "/nope").body == b"<p>styled: nothing here</p>"
    tree.swap([Page("/", b"front", HTML)])
    got = ask(front, "/nope")
    assert (got.status, got.headers["content-type"]) == (404, HTML)
    assert b"nothing at this address" in got.body


def test_an_address_with_a_slash_at_the_end_moves_to_the_one_without(front):
    got = ask(front, "/incidents/abc/")
    assert (got.status, got.headers["location"]) == (308, "/incidents/abc")


def test_query_strings_cookies_and_languages_change_nothing(front):
    plain = ask(front, "/")
    other = ask(front, "/", query="x=1&page=2", cookie="a=b", accept_language="de")
    assert (other.body, other.headers["etag"]) == (plain.body, plain.headers["etag"])


def test_pages_of_the_history_lead_to_their_month(tree, front):
    assert ask(front, "/history", query="page=1").body == b"all months"
    assert ask(front, "/history", query="page=2").status == 404
    tree.write_history_pages(["/history", "/history/2026-03"])
    got = ask(front, "/history", query="page=2")
    assert (got.status, got.headers["location"]) == (302, "/history/2026-03")
    assert ask(front, "/history", query="page=3").status == 404
    assert ask(front, "/history", query="page=0").status == 404
    assert ask(front, "/history", query="page=two").body == b"all months"
    assert ask(front, "/history", query="sort=old").body == b"all months"


def test_a_heartbeat_that_stopped_is_told_with_its_age(tree, front):
    at = beat(tree)
    got = ask(front, "/")
    assert got.headers["candor-as-of"] == at
    assert "candor-stale" not in got.headers
    at = beat(tree, seconds_ago=300)
    for path in ("/", "/gate/api", "/history.json", "/nope"):
        got = ask(front, path)
        assert got.headers["candor-as-of"] == at
        assert 300 <= int(got.headers["candor-stale"]) <= 302
    etag = ask(front, "/").headers["etag"]
    assert 300 <= int(ask(front, "/", if_none_match=etag).headers["candor-stale"]) <= 302


def test_without_a_heartbeat_the_age_is_that_of_the_last_publication(tree):
    (tree.root / "heartbeat.json").unlink()
    os.utime(tree.root / "VERSION", (1_000_000, 1_000_000))
    got = ask(front_of(tree.root), "/")
    assert got.headers["candor-as-of"] == "1970-01-12T13:46:40Z"
    assert int(got.headers["candor-stale"]) > 1_000_000


def test_an_unreadable_heartbeat_does_not_take_the_page_down(tree, front):
    (tree.root / "heartbeat.json").write_text('{"time": "2026-06-2')
    got = ask(front, "/")
    assert got.status == 200
    age = datetime.now(UTC) - datetime.fromisoformat(got.headers["candor-as-of"])
    assert timedelta(seconds=-1) < age < timedelta(seconds=10)  # that of the file


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "OPTIONS"])
def test_public_pages_only_answer_reading(front, method):
    got = ask(front, "/", method)
    assert (got.status, got.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/history.json", "/gate/api"])
def test_scripts_of_other_sites_may_read_data_and_gates(front, path):
    assert ask(front, path).headers["access-control-allow-origin"] == "*"
    got = ask(front, path, "OPTIONS")
    assert got.status == 204
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "access-control-allow-origin" not in ask(front, "/").headers


def test_the_sidecar_replaces_headers_by_name_and_an_empty_value_removes_one(tree, front):
    own = (
        ("X-Frame-Options", ""),
        ("Content-Security-Policy", "frame-ancestors *"),
        ("referrer-policy", "no-referrer"),
    )
    tree.write_cold(Page("/embed/frame", b"<p>", HTML, headers=own))
    got = ask(front, "/embed/frame")
    assert "x-frame-options" not in got.headers
    assert got.headers["content-security-policy"] == "frame-ancestors *"
    assert [value for name, value in got.pairs if name.lower() == "referrer-policy"] == ["no-referrer"]


def test_a_redirect_in_the_tree_passes_with_its_location(tree, front):
    tree.write_cold(Page("/components/old", b"", HTML, status=301, headers=(("Location", "/components/new"),)))
    got = ask(front, "/components/old")
    assert (got.status, got.headers["location"]) == (301, "/components/new")


def test_before_anything_was_published_the_answer_says_so(tmp_path):
    for path in ("/", "/history"):
        got = ask(front_of(tmp_path / "nothing"), path)
        assert (got.status, got.headers["retry-after"]) == (503, "2")
        assert b"starting" in got.body


def test_the_first_publication_is_seen_without_a_restart(tmp_path):
    front = front_of(tmp_path / "later")
    assert ask(front, "/").status == 503
    Tree(tmp_path / "later").swap([Page("/", b"first", HTML)])
    assert ask(front, "/").body == b"first"


def test_cold_pages_in_memory_are_bounded(tree, front, monkeypatch):
    monkeypatch.setattr("statuspage.shelf.COLD_PAGES", 3)
    for number in range(6):
        tree.write_cold(Page(f"/incidents/i{number}", str(number).encode(), HTML))
    for number in (*range(6), 0):
        assert ask(front, f"/incidents/i{number}").body == str(number).encode()
    assert list(front.shelf._cold) == ["/incidents/i4", "/incidents/i5", "/incidents/i0"]


def test_the_guard_imports_neither_django_nor_celery():
    code = "import sys, statuspage.front; print([m for m in ('django', 'celery', 'kombu') if m in sys.modules])"
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_guard_is_given_what_it_reads_and_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.1")
    given = running.front("127.0.0.1", 8000, 8001, {"PUBLIC_ROOT": "/tree", "DATABASE_URL": "postgres://u:p@h/d"}).env
    assert given["SECRET_KEY"] is None  # taken away from what the child would inherit
    assert "DATABASE_URL" not in given or given["DATABASE_URL"] is None
    assert "TRUSTED_PROXIES" not in given, "inherited"
    assert (given["PUBLIC_ROOT"], given["UPSTREAM"]) == ("/tree", "http://127.0.0.1:8001")


def test_a_gate_that_is_not_there_says_unknown_in_one_line_to_every_site(front):
    for path in ("/gate/nothing", "/gate/api@nowhere", "/gate/api/worse", "/gate/nothing.json", "/gate/\n"):
        got = ask(front, path)
        assert (got.status, got.body) == (404, b"unknown There is nothing at this address.\n")
        assert got.headers["content-type"] == "text/plain; charset=utf-8"
        assert got.headers["access-control-allow-origin"] == "*"
        assert got.headers["x-content-type-options"] == "nosniff"


def test_a_gate_before_the_first_publication_is_unknown_not_down(tmp_path):
    got = ask(front_of(tmp_path / "empty"), "/gate/api")
    assert (got.status, got.body) == (503, b"unknown The status page is starting. Please try again in a few seconds.\n")
    assert got.headers["retry-after"] == "2"
