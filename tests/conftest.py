"""What every test may ask for: a person, a page, a public tree of its own, and the work after commit done now."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management.commands import flush
from django.test import Client

from incidents import outbox, relay
from incidents.chain import lasting
from incidents.domain.actor import Actor
from tests.factories import MARIA, account

IS_EVERYTHING_REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database-only`: for a second run on another database, the tests whose outcome it could change."""
    parser.addoption("--database-only", action="store_true", help="only tests that another database could change")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another database cannot change; keep together what shares a story that is played once."""
    for item in items:
        if item.path.stem in PLAYED_ONCE:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
    if config.getoption("--database-only"):
        chosen = [item for item in items if _hangs_on_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


# Modules with a costly fixture for all of their tests: two workers would make it twice.
PLAYED_ONCE = frozenset(
    ("test_story", "test_review_story", "test_reference_document", "test_round_trip", "test_export", "test_recipes")
    + ("test_every_page_fit", "test_every_page_words", "test_nothing_offered_in_vain")
)
# What is drawn or computed from rows, or typed into a form, is the same on every database; the queries behind it all
# run in the modules that count them.
DRAWN = ("tests/publishing/", "tests/reviewing/", "tests/web/console/")
COUNTED = ("query", "queries", "snapshot", "canary")


def _hangs_on_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    if item.get_closest_marker("django_db") is None and not {"db", "transactional_db"} & fixtures:
        return False
    is_drawn = item.nodeid.startswith(DRAWN) and not any(word in item.path.stem for word in COUNTED)
    return not is_drawn and item.get_closest_marker("browser") is None


def needs(condition: bool, what: str) -> None:
    """Skip with the reason when something is not here; fail where everything is required (as in CI)."""
    if not condition:
        (pytest.fail if IS_EVERYTHING_REQUIRED else pytest.skip)(f"{what} is not here")


def answers(port: int) -> bool:
    """Whether something listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own data directory and public tree, and let no bell ring for a worker that is not there."""
    settings.DATA_DIR = tmp_path / "data"
    settings.PUBLIC_ROOT = tmp_path / "data" / "public"
    settings.STATIC_ROOT = tmp_path / "static"
    settings.DATA_DIR.mkdir()
    settings.STATIC_ROOT.mkdir()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # made to be quick, for tests alone
    monkeypatch.setattr(outbox, "ring", lambda: None)
    cache.clear()  # what a test sent in counts for no other


@pytest.fixture
def actor() -> Actor:
    """Somebody on call."""
    return MARIA


@pytest.fixture
def responder(db: None) -> User:
    """An account that may sign in and do everything."""
    user = account("maria")
    user.set_password("correct horse battery")
    user.save()
    return user


@pytest.fixture(autouse=True, scope="session")
def emptied_log() -> Iterator[None]:
    """Tests that commit empty every table after themselves, which the audit log refuses to anybody: let it go first.
    Django makes the triggers anew as it does after each migration, so that the next test has them."""
    empty = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        lasting.let_go(options["database"])
        empty(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield


@pytest.fixture
def console(responder: User) -> Client:
    """A client that is signed in."""
    client = Client()
    client.force_login(responder)
    return client


@pytest.fixture
def drain() -> Callable[..., None]:
    """Do now what a worker would do after commit: publish, fan out, deliver. `drain(now)` sets the clock."""

    def work(now: datetime | None = None) -> None:
        relay.relay(now)
        relay.deliver(now)

    return work


@pytest.fixture
def public_root() -> Path:
    """The public tree of this test."""
    return Path(django_settings.PUBLIC_ROOT)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, without anything that looks for the outside."""
    path = shutil.which("chromium")
    needs(path is not None, "Chromium")
    return {
        "executable_path": path,
        "headless": True,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
