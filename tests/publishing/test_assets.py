"""The files of the console stand in the tree, so that a page with many of them does not queue for Django."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from incidents.publishing import export, store
from incidents.publishing.assets import put_assets
from tests.live.guard import live_guard

pytestmark = pytest.mark.django_db
ASKED = [f"/static/incidents/{name}" for name in ("console.css", "console.js", "desk.js", "public.css", "public.js")]


def test_they_are_sent_by_the_guard_alone_however_many_are_asked_for_at_once(public_root):
    store.republish()
    assert put_assets() > len(ASKED)
    with live_guard(public_root) as port, ThreadPoolExecutor(20) as many:  # nothing is behind it
        pool = urllib3.PoolManager(maxsize=20)

        def get(path: str) -> urllib3.BaseHTTPResponse:
            return pool.request("GET", f"http://127.0.0.1:{port}{path}?v=1", timeout=10)

        answers = list(many.map(get, [*ASKED, "/static/django_htmx/htmx-2.min.js"] * 10))
        assert {answer.status for answer in answers} == {200}
        kinds = {answer.headers["Content-Type"] for answer in answers}
        assert kinds == {"text/css; charset=utf-8", "text/javascript; charset=utf-8"}
        again = pool.request(
            "GET", f"http://127.0.0.1:{port}{ASKED[0]}", headers={"If-None-Match": answers[0].headers["ETag"]}
        )
        assert (again.status, again.headers["Cache-Control"]) == (304, "public, no-cache")
        assert get("/static/incidents/nothing.js").status == 503, "what is not there is Django's to answer"


def test_what_stands_there_is_not_written_again_and_a_publication_leaves_it_alone(public_root):
    assert put_assets() > 0
    assert put_assets() == 0
    store.republish()
    assert put_assets() == 0
    assert store.look_over() == 0


def test_an_exported_site_has_no_console_and_none_of_its_files(public_root, tmp_path):
    put_assets()
    store.republish()
    export.export_site(tmp_path / "site")
    assert not (tmp_path / "site" / "static").exists()
