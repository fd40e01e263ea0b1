"""The tree on disk: atomic, validated, strictly forward."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
from hashlib import sha256
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from incidents.publishing.tree import InvalidAddress, Page, Tree, file_of

TEXT = b"<p>The API answers slowly.</p>" * 40


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tree(tmp_path, clock):
    return Tree(tmp_path / "public", clock=clock)


def page(path="/incidents/abc", body=TEXT, **kwargs):
    return Page(path, body, kwargs.pop("content_type", "text/html; charset=utf-8"), **kwargs)


def meta(tree, name):
    return json.loads((tree.root / f"{name}.meta").read_bytes())


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/history/2026-06", "history/2026-06.html"),
        ("/history.rss", "history.rss"),
        ("/api/v2/summary.json", "api/v2/summary.json"),
        ("/gate/api@eu", "gate/api@eu.txt"),
        ("/gate/api/partial_outage", "gate/api/partial_outage.txt"),
        ("/gate/api.json", "gate/api.json"),
        ("/robots.txt", "robots.txt"),
        ("/404", "404.html"),
    ],
)
def test_an_address_has_one_file(address, file):
    assert file_of(address) == file


@pytest.mark.parametrize(
    "address",
    ["", "x", "//", "/a/", "/a//b", "/../x", "/a/..", "/.", "/.lock", "/a/.b", "/a\0", "/a\n", "/%2e%2e", "/a b", "/ä"]
    + ["/x.html", "/index", "/x.gz", "/x.meta", "/gate/x.txt", "/a.json/b", "/" + "a" * 201, "/a" * 501, "/a\\b"],
)
def test_an_address_that_could_leave_the_tree_or_hide_a_file_is_refused(tree, address):
    with pytest.raises(InvalidAddress):
        tree.write_cold(page(address))
    with pytest.raises(InvalidAddress):
        tree.swap([page(address)])
    assert tree.version == 0


def test_a_cold_page_stands_with_its_compressed_forms_and_a_sidecar(tree):
    headers = (("Content-Security-Policy", "default-src 'none'"),)
    assert tree.write_cold(page(status=503, headers=headers)) is True
    body = tree.root / "cold/incidents/abc.html"
    assert body.read_bytes() == TEXT
    assert gzip.decompress(Path(f"{body}.gz").read_bytes()) == TEXT
    assert brotli.decompress(Path(f"{body}.br").read_bytes()) == TEXT
    stored = meta(tree, "cold/incidents/abc.html")
    assert stored["status"] == 503
    assert stored["headers"] == [list(each) for each in headers]
    assert stored["sha256"] == {
        form: sha256(Path(f"{body}{form}").read_bytes()).hexdigest() for form in ("", ".gz", ".br")
    }
    assert body.stat().st_mtime == stored["last_modified"] == 1_000_000


def test_writing_the_same_page_again_writes_nothing(tree):
    tree.write_cold(page())
    before = {each: each.stat().st_ino for each in tree.root.rglob("*") if each.is_file()}
    assert tree.write_cold(page()) is False
    assert {each: each.stat().st_ino for each in tree.root.rglob("*") if each.is_file()} == before


@pytest.mark.parametrize(
    "other",
    [{"status": 404}, {"cache_control": "no-store"}, {"content_type": "text/plain"}, {"headers": (("A", "b"),)}],
)
def test_a_page_whose_headers_alone_changed_gets_a_new_validator(tree, other):
    tree.write_cold(page())
    former = meta(tree, "cold/incidents/abc.html")
    assert tree.write_cold(page(**other)) is True
    assert meta(tree, "cold/incidents/abc.html")["etag"] != former["etag"]


def test_a_set_left_half_written_by_a_dead_publisher_is_written_again(tree):
    tree.write_cold(page())
    (tree.root / "cold/incidents/abc.html").write_bytes(b"half")
    assert tree.write_cold(page()) is True
    assert (tree.root / "cold/incidents/abc.html").read_bytes() == TEXT


def test_a_body_too_small_to_compress_has_no_compressed_form_left_over(tree):
    tree.write_cold(page())
    tree.write_cold(page(body=b"ok"))
    assert sorted(each.name for each in (tree.root / "cold/incidents").iterdir()) == ["abc.html", "abc.html.meta"]


def test_two_changes_within_one_second_of_equal_length_have_two_validators(tree):
    tree.write_cold(page(body=b"state=OK  "))
    first = meta(tree, "cold/incidents/abc.html")
    tree.write_cold(page(body=b"state=DOWN"))
    second = meta(tree, "cold/incidents/abc.html")
    assert second["last_modified"] == first["last_modified"] + 1
    assert second["etag"] != first["etag"]


def test_last_modified_rises_when_the_clock_is_set_back_also_across_hot_cold_and_removal(tree, clock):
    seen = []

    def note(name):
        seen.append(meta(tree, name)["last_modified"])

    tree.write_cold(page("/x", b"1"))
    note("cold/x.html")
    clock.now -= 3600
    tree.write_cold(page("/x", b"2"))
    note("cold/x.html")
    tree.swap([page("/x", b"3")])
    note("current/x.html")
    tree.remove_cold_pages(["/x"])
    tree.swap([page("/", b"front")])
    tree.write_cold(page("/x", b"4"))
    note("cold/x.html")
    tree.remove_cold_pages(["/x"])
    reopened = Tree(tree.root, clock=clock)
    reopened.write_cold(page("/x", b"5"))
    note("cold/x.html")
    assert seen == sorted(set(seen))


def test_a_removed_page_leaves_nothing_and_removing_it_again_is_fine(tree):
    tree.write_cold(page())
    tree.manifest.set("/incidents/abc", "k1")
    tree.remove_cold_pages(["/incidents/abc"])
    tree.remove_cold_pages(["/incidents/abc"])
    assert list((tree.root / "cold/incidents").iterdir()) == []
    assert tree.manifest.get("/incidents/abc") is None
    assert list((tree.root / "cold").rglob("*.meta")) == []


def test_a_swap_makes_the_whole_set_current_and_forgets_what_was_left_out(tree):
    assert tree.swap([page("/", b"front 1"), page("/history.rss", b"<rss/>")]) == 1
    assert tree.swap([page("/", b"front 2")]) == 2
    assert tree.version == 2
    assert os.readlink(tree.root / "current") == "rev-2"
    assert (tree.root / "current/index.html").read_bytes() == b"front 2"
    assert not (tree.root / "current/history.rss").exists()


def test_a_swap_that_changes_nothing_makes_no_revision(tree):
    tree.swap([page("/", b"front"), page("/history.rss", b"<rss/>")])
    version = (tree.root / "VERSION").stat()
    assert tree.swap([page("/history.rss", b"<rss/>"), page("/", b"front")]) == 1
    assert (tree.root / "VERSION").stat().st_ino == version.st_ino


def test_an_unchanged_page_keeps_its_validators_in_the_next_revision(tree, clock):
    tree.swap([page("/", TEXT), page("/history.rss", b"1")])
    clock.now += 60
    tree.swap([page("/", TEXT), page("/history.rss", b"2")])
    assert meta(tree, "rev-2/index.html") == meta(tree, "rev-1/index.html")
    assert (tree.root / "rev-2/index.html.br").read_bytes() == (tree.root / "rev-1/index.html.br").read_bytes()


def test_an_address_given_twice_is_refused(tree):
    with pytest.raises(ValueError, match="twice"):
        tree.swap([page("/", b"1"), page("/", b"2")])


def test_old_revisions_go_but_the_last_few_stay_for_readers_on_their_way(tree):
    for number in range(1, 8):
        assert tree.swap([page("/", str(number).encode())]) == number
    assert sorted(each.name for each in tree.root.glob("rev-*")) == ["rev-4", "rev-5", "rev-6", "rev-7"]


def test_a_revision_begun_by_a_publisher_that_died_is_never_current_nor_in_the_way(tree):
    tree.swap([page("/", b"1")])
    (tree.root / "rev-2.tmp").mkdir()
    (tree.root / "rev-3").mkdir()  # renamed, but VERSION never followed
    assert tree.version == 1
    assert tree.swap([page("/", b"2")]) == 4
    assert not (tree.root / "rev-2.tmp").exists()


def test_the_manifest_outlives_the_process(tree):
    with tree.lock():
        tree.manifest.set("/incidents/abc", "key-1")
        tree.manifest.save()
    with (other := Tree(tree.root)).lock():
        assert other.manifest.get("/incidents/abc") == "key-1"
        assert other.manifest.paths() == ["/incidents/abc"]


def test_a_damaged_manifest_means_rendering_anew(tree):
    (tree.root / "manifest.json").write_bytes(b'{"keys": {"/a"')
    assert Tree(tree.root).manifest.get("/a") is None


def test_the_heartbeat_and_the_history_pages_are_json_at_the_root(tree):
    tree.write_heartbeat({"time": "2026-06-23T15:10:00Z", "revision": 7})
    assert json.loads((tree.root / "heartbeat.json").read_bytes())["revision"] == 7
    tree.write_history_pages(["/history", "/history/2026-06"])
    assert json.loads((tree.root / "history-pages.json").read_bytes()) == ["/history", "/history/2026-06"]


def _count_up(root: Path, times: int) -> None:
    tree = Tree(root)
    for _ in range(times):
        with tree.lock():
            now = int((root / "count").read_text() or 0)
            (root / "count").write_text(str(now + 1))


def test_two_publishers_never_hold_the_lock_at_once(tree):
    (tree.root / "count").write_text("0")
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_count_up, args=(tree.root, 200)) for _ in range(2)]
    for each in others:
        each.start()
    for each in others:
        each.join(30)
    assert (tree.root / "count").read_text() == "400"


def test_pages_written_together_stand_as_if_written_one_by_one(tree, tmp_path, clock):
    pages = [page(f"/components/{name}", TEXT + name.encode()) for name in ("api", "web", "files")]
    assert tree.write_cold_pages(pages) == 3
    other = Tree(tmp_path / "other", clock=clock)
    for each in pages:
        assert other.write_cold(each)
    files = {str(file.relative_to(tree.root)): file.read_bytes() for file in tree.root.rglob("*") if file.is_file()}
    assert files == {
        str(file.relative_to(other.root)): file.read_bytes() for file in other.root.rglob("*") if file.is_file()
    }
    assert tree.write_cold_pages([*pages, page("/components/new")]) == 1, "what stands already is left alone"


def test_a_publisher_that_dies_before_the_disk_has_all_leaves_the_former_pages(tree, monkeypatch):
    tree.write_cold_pages([page("/a", TEXT), page("/b", TEXT)])
    before = {file: file.read_bytes() for file in tree.root.rglob("*") if file.is_file()}

    def fail(_handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        tree.write_cold_pages([page("/a", TEXT + b"!"), page("/b", TEXT + b"!")])
    monkeypatch.undo()
    assert {file: file.read_bytes() for file in before} == before
    assert tree.write_cold_pages([page("/a", TEXT + b"!"), page("/b", TEXT + b"!")]) == 2


def test_a_body_of_one_packet_is_kept_plain_alone(tree):
    tree.write_cold(page("/gate/api.json", b'{"gate": "ok"}' * 20, content_type="application/json"))
    assert sorted(file.name for file in (tree.root / "cold/gate").iterdir()) == ["api.json", "api.json.meta"]
