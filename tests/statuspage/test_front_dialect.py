"""The guard, called as WSGI, as programs of the Statuspage dialect call it: all from the tree, nothing of Django."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from incidents.domain.status import Stage
from incidents.publishing import pages, statuspage_v2
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Tree
from statuspage.front import Front
from tests.publishing.feed_truth import incident, truth, update

AS_JSON = "application/json, text/plain, */*"
STATUS = "/api/v2/status.json"


def a_page() -> Snapshot:
    long_ago = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return truth(
        incident(1), incident(2, update(1, Stage.RESOLVED, posted_at=long_ago), started_at=long_ago, is_open=False)
    )


@pytest.fixture
def front(tmp_path: Any) -> Front:
    tree, given = Tree(tmp_path / "public"), a_page()
    for renderer in (pages, statuspage_v2):
        for cold in renderer.cold(given):
            tree.write_cold(cold.render())
    tree.write_history_pages(pages.history_addresses(given))
    tree.swap([*pages.hot(given), *statuspage_v2.hot(given)])
    # A port that nothing listens on: whatever these tests get, they get without Django.
    return Front.from_environment({"PUBLIC_ROOT": str(tree.root), "UPSTREAM": "http://127.0.0.1:9"})


def ask(front: Front, path: str, method: str = "GET", query: str = "", **headers: str) -> Any:
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    got = SimpleNamespace()

    def start_response(status: str, pairs: list[tuple[str, str]], exc_info: Any = None) -> Any:
        got.status, got.headers = int(status[:3]), {name.lower(): value for name, value in pairs}
        assert len(got.headers) == len(pairs), pairs

    got.body = b"".join(front(environ, start_response))
    return got


def test_documents_carry_the_headers_of_the_dialect(front: Front) -> None:
    got = ask(front, STATUS)
    assert got.status == 200
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["cache-control"] == (
        "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
    )
    assert got.headers["access-control-allow-origin"] == "*"
    assert "ETag" in got.headers["access-control-expose-headers"]
    assert len(got.headers["x-statuspage-version"]) == 40
    assert int(got.headers["x-statuspage-version"], 16)
    assert "set-cookie" not in got.headers
    assert json.loads(got.body)["status"]["indicator"] == "none"


def test_documents_answer_conditions_heads_and_any_query_with_the_same_bytes(front: Front) -> None:
    got = ask(front, STATUS)
    same = ask(front, STATUS, if_none_match=f"W/{got.headers['etag']}")
    assert (same.status, same.body) == (304, b"")
    assert same.headers["access-control-allow-origin"] == "*"
    head = ask(front, STATUS, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(got.body)))
    queried = ask(front, STATUS, query="callback=x&page=2&_=1", accept_language="de", cookie="a=b")
    assert (queried.body, queried.headers) == (got.body, got.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    ["/api/v2/", "/api/v2/nothing.json", "/api/v2/Incidents.json", "/api/v2/incidents/zzzzzzzzzzzz.json",
     "/api/v2/../v2/status.json", "/api/v2/summary", "/api/v2/\x00.json"],
)  # fmt: skip
def test_an_unknown_document_is_not_found_without_a_body_or_a_type_of_it(front: Front, path: str, method: str) -> None:
    got = ask(front, path, method)
    assert (got.status, got.body) == (404, b"")
    assert "content-type" not in got.headers
    assert (got.headers["content-length"], got.headers["access-control-allow-origin"]) == ("0", "*")


@pytest.mark.parametrize("path", [STATUS, "/api/v2/incidents/code00000001.json", "/api/v2/subscribers.json"])
def test_a_preflight_names_the_methods_that_the_script_of_the_dialect_asks_for(front: Front, path: str) -> None:
    got = ask(front, path, "OPTIONS", origin="https://example.org", access_control_request_method="POST")
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["access-control-allow-methods"] == "GET, POST, DELETE, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_sending_to_a_document_is_refused_with_a_reason_that_programs_can_read(front: Front, method: str) -> None:
    got = ask(front, STATUS, method)
    assert (got.status, got.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert json.loads(got.body) == {"error": "This address only answers reading."}


def test_a_short_link_leads_to_the_page_of_the_incident(front: Front) -> None:
    got = ask(front, "/i/code00000001")
    assert (got.status, got.headers["location"]) == (302, "/incidents/code00000001")
    assert ask(front, got.headers["location"]).status == 200
    assert ask(front, "/i/code00000001", if_none_match=got.headers["etag"]).status == 302
    assert ask(front, "/i/zzzzzzzzzzzz").status == 404


def test_pages_of_the_history_are_html_for_people_and_json_for_who_names_it(front: Front) -> None:
    codes = []
    for number in (1, 2, 3):
        got = ask(front, "/history", query=f"page={number}", accept=AS_JSON)
        assert (got.status, got.headers["content-type"]) == (200, "application/json; charset=utf-8")
        assert got.headers["vary"] == "Accept, Accept-Encoding"
        months = json.loads(got.body)["months"]
        codes.append([row["code"] for month in months for row in month["incidents"]])
    assert codes == [["code00000001"], ["code00000002"], []]
    people = ask(front, "/history", query="page=2", accept="text/html,*/*;q=0.8")
    assert (people.status, people.headers["location"]) == (302, "/history/2026-03")
    assert people.headers["vary"] == "Accept"
    first = ask(front, "/history", query="page=1", accept="text/html")
    assert (first.status, first.headers["vary"]) == (200, "Accept, Accept-Encoding")
    assert ask(front, "/history", accept=AS_JSON).headers["content-type"].startswith("text/html")


def test_the_history_without_a_page_is_its_newest_and_takes_a_page_as_well(front: Front) -> None:
    newest = ask(front, "/history.json")
    assert newest.body == ask(front, "/history", query="page=1", accept=AS_JSON).body
    assert ask(front, "/history.json", query="page=2").body == (
        ask(front, "/history", query="page=2", accept=AS_JSON).body
    )
    for odd in ("page=x", "page=", "page=-1", "pages=3", "page=²"):
        assert ask(front, "/history.json", query=odd).body == newest.body
    assert json.loads(ask(front, "/history.json", query="page=0").body) == {"months": []}
