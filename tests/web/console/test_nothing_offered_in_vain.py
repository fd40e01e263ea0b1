"""Nothing is offered in vain: whoever has one role, or none, finds behind each link and form of the console a page."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import Resolver404, ResolverMatch, resolve

from incidents.actions import offering
from incidents.domain.permissions import group_of, roles_of_groups
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.web.reach import reaches
from tests import every_world
from tests.acts_offering import an_offer
from tests.every_state import states
from tests.factories import MARIA, account
from tests.played import make_once

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NO_ROLE = "no role"
WHO = (*PersonRole, group_of(ApprovalKind.LEGAL), NO_ROLE)
# Of pages that differ in nothing but what they are about, so many are read.
ENOUGH = 4
# What leads to the address that an attribute of a tag holds, and whether it writes there.
READING = {"href": False, "hx-get": False, "data-peek": False}
WRITING = {"formaction": True, "hx-post": True, "data-post": True}


class Offers(HTMLParser):
    """The addresses that a page offers, and whether each is written to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, bool]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and (given.get("action") or given.get("method") == "post"):
            self.found.add((given.get("action") or "", given.get("method", "get").lower() == "post"))
        for name, is_writing in (READING | WRITING).items():
            if given.get(name):
                self.found.add((str(given[name]), is_writing))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Something of everything, and a draft that waits for a second person, one that was sent back too."""

    def make() -> dict[str, Any]:
        made = every_world.everything()
        waiting, returned = an_offer("anna"), an_offer("arno", title="Slow")
        offering.return_draft(actor=MARIA, draft_id=returned.pk, seen_version=1, reason="Say since when.")
        return made | {"draft": waiting.code}

    yield from make_once(django_db_blocker, tmp_path_factory.mktemp("world"), make)


def places(page: str, path: str) -> Iterator[tuple[str, bool]]:
    """The addresses of the console among what a page offers, whole, and whether each is written to."""
    for offered, is_writing in Offers(page).found:
        whole = urlsplit(urljoin(f"http://testserver{path}", offered))
        if whole.netloc == "testserver" and whole.path.startswith("/console/"):
            yield whole.path + (f"?{whole.query}" if whole.query else ""), is_writing


def found(path: str) -> ResolverMatch | None:
    try:
        return resolve(path.partition("?")[0])
    except Resolver404:
        return None


def walk(client: Client, start: list[str], groups: list[str]) -> tuple[set[str], list[str]]:
    """Follow every link from these pages on; returns what was read, and each offer in vain with the page it is on."""
    roles, wrong, read = roles_of_groups(groups), [], set[str]()
    kinds: Counter[Any] = Counter()
    waiting = deque((path, "the start") for path in start)
    while waiting:
        path, source = waiting.popleft()
        match = found(path)
        kind = (match and match.view_name, tuple(part.partition("=")[0] for part in path.partition("?")[2].split("&")))
        if path in read or (kinds[kind] >= ENOUGH and source != "the start"):
            continue
        kinds[kind] += 1
        read.add(path)
        answer = client.get(path)
        if answer.status_code not in (200, 302, 403):  # the last asks for a fresh proof
            wrong.append(f"{source} links to {path}: {answer.status_code}")
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        for offered, is_writing in places(answer.content.decode(), path):
            led = found(offered)
            if led is None or not reaches(roles, led.url_name or "", is_reading=not is_writing):
                wrong.append(f"{path} {'posts' if is_writing else 'links'} to {offered}, which is not theirs")
            elif not is_writing:
                waiting.append((offered, path))
    return read, wrong


@pytest.mark.parametrize("who", WHO)
def test_whatever_is_offered_to_a_role_is_there_for_it(world, who):
    cache.clear()
    user, groups = account("somebody", *([] if who == NO_ROLE else [who])), [] if who == NO_ROLE else [who]
    user.groups.set(user.groups.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    roles = roles_of_groups(groups)
    start = [
        state.address
        for state in states(world)
        if state.address.startswith("/console/") and state.sent is None and state.who in ("", "-")
    ]
    start = ["/console/account", *(path for path in start if reaches(roles, _name(path)) and _name(path) not in OUT)]
    if who in ("publisher", "administrator"):
        start.append(f"/console/drafts/{world['draft']}")
    with override_settings(DATA_DIR=world["folder"]):
        read, wrong = walk(client, start, groups)
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert len(read) > (2 if who == NO_ROLE else 40)


# Where one leaves, comes in by a link that was mailed, or looks for what is not there.
OUT = frozenset(("lost", "sign-out", "set-up", "set-password", "reset-password", "last-resort"))


def _name(path: str) -> str:
    match = found(path)
    return (match.url_name or "") if match else ""
