"""The static copy: served by the plainest of servers, every link leads somewhere and says what the page says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin
from urllib.request import urlopen

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from incidents.publishing import store
from incidents.publishing.export import MANIFEST, NotExported, export_site, name_of
from tests.factories import make_component, open_incident, utc
from tests.played import play_once, take_files

END = utc("2026-07-02 12:00")


class Quiet(SimpleHTTPRequestHandler):
    """`python -m http.server`, without its log."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


class Links(HTMLParser):
    """What a page links to and what it fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name in ("href", "src", "data-src")}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, django_db_blocker, django_db_setup):
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), END)


@pytest.fixture
def copied(played: Path, settings: Any, tmp_path: Path) -> Path:
    """The static copy of the story's page."""
    take_files(played, settings)
    export_site(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def served(copied: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(copied)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def crawl(start: str) -> tuple[dict[str, bytes], list[str]]:
    """Every page that can be reached, by address, and the links that lead nowhere. A copy has no heartbeat."""
    found: dict[str, bytes] = {}
    dead: list[str] = []
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        try:
            with urlopen(start + path) as answer:
                found[path], kind, place = answer.read(), answer.headers["Content-Type"], answer.url
        except OSError:
            found[path] = b""
            dead += [path] if path != "/heartbeat.json" else []
            continue
        if kind == "text/html":
            waiting += _inside(Links(found[path].decode()).found, place, start)
    return found, dead


def _inside(links: set[str], place: str, start: str) -> list[str]:
    ours = (urldefrag(urljoin(place, link.replace(django_settings.SITE_URL, start)))[0] for link in links)
    return [link.removeprefix(start) or "/" for link in ours if link.startswith(start)]


def test_every_link_leads_somewhere_and_says_what_the_page_says(db, copied, served):
    found, dead = crawl(served)
    assert dead == []
    told = json.loads((copied / MANIFEST).read_text())["files"]
    pages = {row["address"]: name for name, row in told.items()}
    assert len(found) > 50
    for path, body in found.items() - {("/heartbeat.json", b"")}:
        address = path.rstrip("/") or "/"
        assert body == (copied / pages[address]).read_bytes(), path
    for name, row in told.items():  # those too that nothing links to
        if row["content_type"].startswith("text/html"):
            links = Links((copied / name).read_text()).found
            inside = {link.partition("?")[0] for link in _inside(links, served + row["address"], served)}
            assert {link.rstrip("/") or "/" for link in inside} <= pages.keys() | {"/heartbeat.json"}, name


def test_every_page_of_the_tree_is_there_with_its_bytes(db, copied, public_root):
    told = json.loads((copied / MANIFEST).read_text())["files"]
    tree = {}
    for sidecar in [*(public_root / "cold").rglob("*.meta"), *(public_root / "current").rglob("*.meta")]:
        meta = json.loads(sidecar.read_bytes())
        tree[meta["path"]] = (meta["status"], meta["content_type"], sidecar.with_suffix("").read_bytes())
    gone = {path for path, (status, *_rest) in tree.items() if status == 404 and path != "/404"}
    moved = {path for path, (status, *_rest) in tree.items() if 300 <= status < 400}
    assert {row["address"] for row in told.values()} == tree.keys() - gone
    for name, row in told.items():
        status, content_type, body = tree[row["address"]]
        if row["address"] not in moved:
            assert (row["status"], row["content_type"]) == (status, content_type)
            assert (copied / name).read_bytes() == body
    assert moved, "the shortlinks"
    files = {str(file.relative_to(copied)) for file in copied.rglob("*") if file.is_file()}
    assert files == told.keys() | {"_headers", "_redirects", MANIFEST}


def test_what_file_names_cannot_say_stands_in_files_of_their_own(db, copied):
    headers = (copied / "_headers").read_text()
    front = headers.partition("\n/\n")[2].partition("\n/")[0]
    assert "Content-Type: text/html; charset=utf-8" in front
    assert "Content-Security-Policy: default-src 'none'" in front
    assert max(map(len, headers.splitlines())) < 2_000
    moved = (copied / "_redirects").read_text().splitlines()
    assert moved
    for line in moved:
        source, target, status = line.split(" ")
        assert f'<a href="{target}">' in (copied / name_of(source)).read_text()
        assert int(status) in (301, 302, 307, 308)


def test_two_exports_of_one_truth_are_the_same_bytes(db, copied):
    other = copied.with_name("other")
    store.look_over()
    export_site(other)
    names = sorted(str(file.relative_to(copied)) for file in copied.rglob("*") if file.is_file())
    assert names == sorted(str(file.relative_to(other)) for file in other.rglob("*") if file.is_file())
    assert [name for name in names if (copied / name).read_bytes() != (other / name).read_bytes()] == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "index.html"),
        ("/404", "404.html"),
        ("/history", "history/index.html"),
        ("/history.rss", "history.rss"),
        ("/incidents/abc.atom", "incidents/abc.atom"),
        ("/incidents/abc/feed.json", "incidents/abc/feed.json"),
        ("/gate/api", "gate/api/index.html"),
        ("/gate/api@eu/major_outage", "gate/api@eu/major_outage/index.html"),
        ("/gate/api.json", "gate/api.json"),
    ],
)
def test_an_address_has_a_name_that_plain_servers_find(address, name):
    assert name_of(address) == name


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    other = tmp_path / "home"
    other.mkdir()
    (other / "letter.txt").write_text("Dear")
    refuse(other)
    (other / MANIFEST).write_text("[]")
    refuse(other)
    refuse(other / "letter.txt")
    assert sorted(each.name for each in other.iterdir()) == [MANIFEST, "letter.txt"]
    assert (other / "letter.txt").read_text() == "Dear"


def refuse(folder: Path) -> None:
    with pytest.raises(NotExported) as refused:
        export_site(folder)
    assert "is not empty and no earlier export" in refused.value.sentence


def test_an_earlier_export_is_replaced_whole(db, tmp_path, capsys):
    folder = tmp_path / "new" / "site"
    call_command("export_site", folder)
    (folder / "left-over.html").write_text("old")
    open_incident(make_component("Gateway"))
    call_command("export_site", folder)
    assert "Gateway" in (folder / "index.html").read_text()
    assert not (folder / "left-over.html").exists()
    assert sorted(each.name for each in folder.parent.iterdir()) == ["site"]
    assert "pages are in" in capsys.readouterr().out


def test_without_a_database_the_page_is_copied_as_it_was_last(db, tmp_path, monkeypatch, capsys):
    open_incident(make_component("Gateway"))
    with pytest.raises(CommandError, match="Nothing was published yet"):
        _without_database(monkeypatch, tmp_path / "site")
    store.republish()
    _without_database(monkeypatch, tmp_path / "site")
    assert "Gateway" in (tmp_path / "site" / "index.html").read_text()
    assert "does not answer" in capsys.readouterr().err


def _without_database(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def gone(*args: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(store, "republish", gone)
        call_command("export_site", folder)
