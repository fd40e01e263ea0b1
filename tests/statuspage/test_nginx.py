"""The configurations of nginx in `deploy/`: it takes them, and sends from the tree what the guard sends."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.publishing.tree import Page, Tree
from tests.conftest import needs
from tests.live.guard import live_guard
from tests.live.running import ROOT, free_port, until

DEPLOY = ROOT / "deploy"
JSON = "application/json; charset=utf-8"
CACHE = "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
SUMMARY = "/api/v2/summary.json"


@pytest.fixture
def nginx() -> str:
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    needs(found is not None, "nginx")
    return str(found)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "public")
    made.swap([Page("/", b"front", "text/html"), Page(SUMMARY, body("none"), JSON, CACHE)])
    made.write_cold(Page("/gate/api", b"down major_outage\n", "text/plain", status=503))
    return made


def body(indicator: str) -> bytes:
    return b'{"status": {"indicator": "%s"}, "padding": "%s"}' % (indicator.encode(), b"x" * 2000)


@pytest.fixture
def ports(nginx: str, tree: Tree, tmp_path: Path) -> Iterator[dict[str, int]]:
    """A guard, and nginx before it with the rules for the tree."""
    port = free_port()
    tree.root.parent.chmod(0o755)
    rules = (DEPLOY / "nginx-tree.conf").read_text().replace("/var/lib/candor/public", str(tree.root))
    with live_guard(tree.root) as behind:
        site = f"listen 127.0.0.1:{port}; location / {{ {to(behind)} }} location @guard {{ {to(behind)} }} {rules}"
        process = subprocess.Popen([nginx, *arguments(tmp_path, f"server {{ {site} }}")], stderr=subprocess.DEVNULL)
        try:
            until(lambda: process.poll() is not None or answers(port), 10, "nginx answers")
            yield {"guard": behind, "nginx": port}
        finally:
            process.terminate()
            process.wait(10)


def to(port: int) -> str:
    return f"proxy_pass http://127.0.0.1:{port};"


def arguments(folder: Path, site: str) -> list[str]:
    """What starts nginx in the foreground with a site, keeping all its files in a folder."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""  # the folder of a test is its own
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{ }}\n"
        f"http {{ access_log off; {temporary}\n{site}\n}}\n"
    )
    return ["-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def answers(port: int) -> bool:
    try:
        return get(port, "/")[0] == 200
    except OSError:
        return False


def test_nginx_sends_from_the_tree_what_the_guard_sends(ports, tree):
    for accepted in ("gzip", "identity"):
        status, headers, sent = get(ports["nginx"], SUMMARY, Accept_Encoding=accepted)
        ours = get(ports["guard"], SUMMARY, Accept_Encoding=accepted)
        assert (status, sent) == (ours[0], ours[2])
        assert (gzip.decompress(sent) if accepted == "gzip" else sent) == body("none")
        same = ["content-type", "cache-control", "vary", "last-modified", "x-content-type-options", "content-length"]
        same += ["access-control-allow-origin", "access-control-expose-headers"]
        assert {name: headers.get(name) for name in same} == {name: ours[1].get(name) for name in same}
        assert "candor-as-of" not in headers, "the note in the configuration is out of date"
    assert get(ports["nginx"], SUMMARY, If_None_Match=headers["etag"])[0] == 304
    tree.swap([Page("/", b"front", "text/html"), Page(SUMMARY, body("some"), JSON, CACHE)])  # as long, in one second
    for held in ({"If_None_Match": headers["etag"]}, {"If_Modified_Since": headers["last-modified"]}):
        status, _, sent = get(ports["nginx"], SUMMARY, **held)
        assert (status, sent) == (200, body("some"))


def test_what_needs_its_sidecar_goes_to_the_guard(ports):
    assert get(ports["nginx"], "/gate/api")[0] == 503
    assert get(ports["nginx"], "/api/v2/nothing.json")[0] == 404
    assert "candor-as-of" in get(ports["nginx"], "/")[1]


def test_nginx_takes_the_configuration_of_the_proxy(nginx, tmp_path):
    text = (DEPLOY / "nginx.conf").read_text().replace("/var/cache/candor", str(tmp_path / "cache"))
    text = re.sub(r"^ +ssl_certificate.*\n", "", text, flags=re.MULTILINE).replace(
        "listen 443 ssl http2", "listen 8443"
    )
    done = subprocess.run([nginx, "-t", *arguments(tmp_path, text)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
