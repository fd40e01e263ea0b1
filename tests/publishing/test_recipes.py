"""Every recipe of `/api` is taken from the page and run, against a live guard with gates that are open and shut."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import yaml
from pygments.lexers import PowerShellLexer  # type: ignore[import-untyped]
from pygments.token import Error, Punctuation  # type: ignore[import-untyped]

from incidents.publishing import api_page, store
from incidents.publishing.public import PageView, Snapshot
from incidents.publishing.recipes import RECIPES
from incidents.publishing.tree import Page, Tree
from tests.conftest import needs
from tests.factories import make_component, open_incident
from tests.live.guard import live_guard
from tests.live.running import free_port

TEXT = "text/plain; charset=utf-8"
CLIENT = Path(api_page.__file__).parent.parent / "static" / "incidents" / "status-gate.py"
# What each gate is, as the answer of `publishing.gate` says it; "missing" is no gate, "nobody" no server.
GATES = {
    "up": (200, b"ok operational - - 2026-06-23T18:15:00Z\n"),
    "slow": (200, b"ok degraded_performance 2026-06-23T14:30:00Z - 2026-06-23T14:30:00Z\n"),
    "down": (503, b"down major_outage 2026-06-23T14:30:00Z https://s.example/incidents/a 2026-06-23T14:30:00Z\n"),
}
WORLDS = (*GATES, "missing", "nobody")


@dataclass(frozen=True)
class Done:
    """How a program ended, and what it wrote."""

    code: int
    out: str
    error: str


@pytest.fixture(autouse=True)
def with_curl() -> None:
    needs(shutil.which("curl") is not None, "curl")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    tree = Tree(tmp_path_factory.mktemp("public"))
    tree.swap([Page("/", b"front", "text/html")])
    for name, (status, line) in GATES.items():
        tree.write_cold(Page(f"/gate/{name}", line, TEXT, status=status))
    tree.write_heartbeat({"time": datetime.now(UTC).isoformat()})
    with live_guard(tree.root) as found:
        yield found


@pytest.fixture
def page_for(port: int) -> Callable[[str], dict[str, str]]:
    """The recipes as they stand on the page of a world, by their key."""

    def read(world: str) -> dict[str, str]:
        return recipes_on(page(f"http://127.0.0.1:{free_port() if world == 'nobody' else port}", world))

    return read


def page(url: str, *slugs: str) -> Page:
    """The page, for a site at an address with components of these slugs."""
    site = PageView("Example", "Etc/UTC", url, datetime(2026, 6, 23, tzinfo=UTC))
    truth = SimpleNamespace(page=site, leaves=tuple(SimpleNamespace(slug=slug) for slug in slugs))
    (cold,) = api_page.cold(cast(Snapshot, truth))
    return cold.render()


def recipes_on(made: Page) -> dict[str, str]:
    """What a person would copy, by the key of the recipe."""
    shown = re.findall(r'id="recipe-([a-z-]+)".*?<pre[^>]*><code>(.*?)</code></pre>', made.body.decode(), re.DOTALL)
    return {key: unescape(text) for key, text in shown}


def ran(folder: Path, argv: list[str], **env: str) -> Done:
    """Run a program in a folder, with nothing of this process's environment but the path."""
    done = subprocess.run(
        argv, cwd=folder, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, timeout=20
    )
    return Done(done.returncode, done.stdout, done.stderr)


def shell(folder: Path, text: str) -> Done:
    return ran(folder, ["sh", "-c", text])


def test_every_recipe_is_on_the_page_and_has_a_test_here():
    named = "\n".join(name for name in globals() if name.startswith("test_"))
    on_page = recipes_on(page("https://status.example.com", "api"))
    assert list(on_page) == [recipe.key for recipe in RECIPES]
    for recipe in RECIPES:
        assert recipe.key.replace("-", "_") in named, f"{recipe.key} is run by no test"
        assert "%URL%" not in on_page[recipe.key]
        assert "%SLUG%" not in on_page[recipe.key]


@pytest.mark.parametrize(
    ("world", "code"), [("up", 0), ("slow", 0), ("down", 22), ("missing", 22), ("nobody", 7)], ids=WORLDS
)
def test_curl(page_for, tmp_path, world, code):
    done = shell(tmp_path, page_for(world)["curl"])
    assert done.code == code
    assert done.out.startswith("ok ") == (code == 0)


@pytest.mark.parametrize(
    ("world", "code"), [("up", 0), ("slow", 0), ("down", 75), ("missing", 0), ("nobody", 0)], ids=WORLDS
)
def test_sh_ends_with_75_only_while_the_component_is_down(page_for, tmp_path, world, code):
    done = shell(tmp_path, page_for(world)["sh"] + "echo the work\n")
    assert (done.code, done.out) == (code, "" if code else "the work\n")
    assert ("does not say" in done.error) == (world in ("missing", "nobody"))


@pytest.mark.parametrize("world", WORLDS)
def test_github_actions_skips_the_second_step_only_while_down(page_for, tmp_path, world):
    ask, work = yaml.safe_load(page_for(world)["github-actions"])
    assert ask.keys() == {"name", "id", "run"}
    done = ran(tmp_path, ["bash", "-e", "-c", ask["run"]], GITHUB_OUTPUT="out")  # as the runner calls it
    assert done.code == 0, done.error
    outputs = dict(line.split("=", 1) for line in (tmp_path / "out").read_text().splitlines())
    named, wanted = re.fullmatch(r"steps\.gate\.outputs\.(\w+) != '(\w+)'", work["if"]).groups()
    assert (outputs[named] != wanted) == (world != "down")
    assert ask["id"] == "gate"


@pytest.mark.parametrize("world", WORLDS)
def test_gitlab_ci_stops_the_pipeline_only_while_down(page_for, tmp_path, world):
    ((name, job),) = yaml.safe_load(page_for(world)["gitlab-ci"]).items()
    assert (name, job["stage"], [type(line) for line in job["script"]]) == ("status-gate", ".pre", [str, str])
    done = ran(tmp_path, ["sh", "-e", "-c", "\n".join(job["script"])])
    assert done.code == (1 if world == "down" else 0)


@pytest.mark.parametrize("world", WORLDS)
def test_python_stops_only_while_down(page_for, tmp_path, world):
    done = ran(tmp_path, [sys.executable, "-I", "-c", page_for(world)["python"] + "\nprint('the work')\n"])
    assert (done.code, done.out) == ((1, "") if world == "down" else (0, "the work\n"))
    assert ("down is down" in done.error) == (world == "down")


@pytest.mark.parametrize(
    ("world", "code"), [("up", 0), ("slow", 1), ("down", 2), ("missing", 3), ("nobody", 3)], ids=WORLDS
)
def test_nagios_ends_with_the_codes_of_a_plug_in(page_for, tmp_path, world, code):
    script = tmp_path / "check_gate"
    script.write_text(page_for(world)["nagios"])
    script.chmod(0o755)
    done = ran(tmp_path, [str(script)])
    words = ("OK - ok operational", "WARNING - ok degraded", "CRITICAL - down major_outage", "UNKNOWN - ", "UNKNOWN - ")
    assert done.code == code
    assert done.out.startswith(words[WORLDS.index(world)])
    assert len(done.out.splitlines()) == 1


def test_nagios_takes_an_old_answer_for_unknown(tmp_path, page_for, port):
    tree = Tree(tmp_path / "old")
    tree.swap([Page("/", b"front", "text/html")])
    tree.write_cold(Page("/gate/up", GATES["up"][1], TEXT))
    tree.write_heartbeat({"time": "2026-06-23T18:15:00Z"})
    with live_guard(tree.root) as other:
        done = shell(tmp_path, page_for("up")["nagios"].replace(str(port), str(other)))
    assert done.code == 3
    assert done.out.startswith("UNKNOWN - the answer is old: ok operational")


@pytest.mark.parametrize("world", ["up", "slow", "down"])
def test_prometheus_and_blackbox_module_probe_the_gate_as_they_say(page_for, world):
    found = page_for(world)
    (module,) = yaml.safe_load(found["blackbox-module"])["modules"].values()
    (job,) = yaml.safe_load(found["prometheus"])["scrape_configs"]
    assert job["params"]["module"] == list(yaml.safe_load(found["blackbox-module"])["modules"])
    labels = {"__address__": job["static_configs"][0]["targets"][0]}
    for rule in job["relabel_configs"]:  # the default action: replace, with the sources joined
        sources = ";".join(labels.get(name, "") for name in rule.get("source_labels", []))
        labels[rule["target_label"]] = rule.get("replacement", sources)
    assert labels["__address__"] == "127.0.0.1:9115"
    assert labels["instance"] == labels["__param_target"]
    assert (module["prober"], job["metrics_path"]) == ("http", "/probe")
    status = probed(labels["__param_target"], module["http"])
    assert status == GATES[world][0]
    assert (status in module["http"]["valid_status_codes"]) == (world != "down")


def probed(address: str, options: dict[str, Any]) -> int:
    """The status that the exporter would see."""
    target = urlsplit(address)
    connection = http.client.HTTPConnection(cast(str, target.hostname), target.port, timeout=10)
    connection.request(options["method"], target.path)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(("world", "code"), [("up", 0), ("down", 75), ("missing", 0), ("nobody", 0)])
def test_powershell(page_for, tmp_path, world, code):
    text = page_for(world)["powershell"]
    pwsh = shutil.which("pwsh")
    if pwsh:
        assert ran(tmp_path, [pwsh, "-NoProfile", "-Command", text], HOME=str(tmp_path)).code == code
    tokens = list(PowerShellLexer().get_tokens(text))
    assert [value for kind, value in tokens if kind in Error] == []
    closing, waiting = {"}": "{", ")": "(", "]": "["}, []
    for bracket in "".join(value for kind, value in tokens if kind in Punctuation):
        if bracket in closing.values():
            waiting.append(bracket)
        elif bracket in closing:
            assert waiting.pop() == closing[bracket]
    assert waiting == []
    assert "-eq 503" in text
    assert f"/gate/{world}'" in text


@pytest.mark.skipif(not CLIENT.exists(), reason="the client is not part of this tree")
@pytest.mark.django_db
def test_status_gate_and_the_others_run_against_what_is_really_published(tmp_path, settings):
    port = free_port()
    settings.SITE_URL = f"http://127.0.0.1:{port}"
    api = make_component("API")
    store.republish()
    store.beat(timedelta(0))
    tree = store.the_tree()
    found = recipes_on(Page("/api", (tree.root / "cold" / "api.html").read_bytes(), "text/html"))
    with live_guard(tree.root, port=port):
        for key in ("curl", "sh", "nagios", "status-gate"):
            done = shell(tmp_path, found[key])
            assert done.code == 0, (key, done)
        open_incident(api)
        store.republish()
        codes = {"curl": 22, "sh": 75, "nagios": 2, "status-gate": 2}
        for key, code in codes.items():
            done = shell(tmp_path, found[key].replace("--wait 10m", "--wait 0s"))
            assert done.code == code, (key, done)


def test_an_address_that_would_need_quoting_is_put_into_no_recipe():
    found = recipes_on(page("https://x';reboot;'", "api"))
    assert "reboot" not in "".join(found.values())
    assert "https://status.example.com/gate/api" in found["curl"]


def test_the_page_of_a_site_without_components_is_whole():
    assert "/gate/component'" in recipes_on(page("https://status.example.com"))["curl"]


def test_the_page_is_written_anew_only_when_the_example_changes():
    def key(*slugs: str, revision: int = 0) -> str:
        site = PageView("Example", "Etc/UTC", "http://x", datetime(2026, 6, 23, tzinfo=UTC), revision)
        truth = SimpleNamespace(page=site, leaves=tuple(SimpleNamespace(slug=slug) for slug in slugs))
        return next(iter(api_page.cold(cast(Snapshot, truth)))).key

    assert key("api", "web") == key("api", revision=9)
    assert key("web") != key("api")
