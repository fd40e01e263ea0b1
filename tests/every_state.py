"""One table of the pages that people see, and of their states. Two tests go through it: `test_every_page_words` reads
each in a language that nobody speaks, `test_every_page_fit` looks at each in a browser.

To add a page or a state: one line in `table_of_states`. A route of the console that has a page, and a template that
no line shows, fail a test until there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from mimetypes import guess_type
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from incidents.publishing import snapshot, store
from incidents.publishing.tree import Page
from incidents.web.accounts.limits import SIGNED_IN_AT
from tests.every_world import WORLDS, World
from tests.table_of_states import CONSOLE, PARTS, PUBLIC, WHO
from tests.web.accounts.account_world import PASSWORD

HOST = "http://testserver"


class State(NamedTuple):
    """One line of a table."""

    line: str
    world: str
    name: str
    address: str
    sent: dict[str, str] | None
    who: str


class Answer(NamedTuple):
    """What was answered at a state: status, headers and body."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """What a world looks like from outside: its public tree and what Django answers."""

    world: World
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        """The browser of one of `WHO`, or of the administrator."""
        if who not in self.clients:
            made = self.clients[who] = Client(raise_request_exception=False)
            if who != "-":
                self._enter(made, who)
        return self.clients[who]

    def _enter(self, client: Client, who: str) -> None:
        user = User.objects.get(pk=self.world["reader" if who else "user"])
        if who == "=":
            user.set_password(PASSWORD)  # a test hashes otherwise than the module that made the world
            user.save()
            client.post("/console/sign-in", {"username": user.get_username(), "password": PASSWORD})
            return
        client.force_login(user)
        if who == "~":
            session = client.session
            session[SIGNED_IN_AT] -= 3600
            session.save()

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every file of the public tree by its address, made without a disk."""
        truth = snapshot.build(self.world.get("now") or timezone.now())
        made = [page for each in store.RENDERERS for page in each.hot(truth)]
        made += [page.render() for each in store.RENDERERS for page in each.cold(truth)]
        return {page.path: page for page in made}

    @cached_property
    def html(self) -> list[str]:
        """The addresses of the public pages that people read."""
        kinds = [(path, page) for path, page in self.pages.items() if page.status < 300 or page.status > 399]
        return [path for path, page in kinds if page.content_type.startswith("text/html")]

    def address_of(self, state: State) -> str:
        """The address of a state in this world; fails where it has none."""
        if state.name:
            return state.address
        wanted = state.address.format_map(_Quoted(self.world))
        found = next((path for path in self.html if re.fullmatch(wanted, path)), None)
        return found or state.address.format_map(self.world)

    def answer(self, path: str, sent: dict[str, str] | None = None, who: str = "") -> Answer:
        """What a browser gets at an address; with fields, what it gets when they are sent there."""
        page = self.pages.get(path.split("?")[0])
        if page and sent is None:
            return Answer(path, page.status, {**dict(page.headers), "Content-Type": page.content_type}, page.body)
        client = self.client(who)
        with override_settings(DATA_DIR=self.world.get("folder", settings.DATA_DIR)):  # where its mails are
            got = client.get(path, follow=True) if sent is None else client.post(path, sent)
        return Answer(path, got.status_code, dict(got.headers), b"".join(got) if got.streaming else got.content)

    def shown(self, state: State) -> Answer:
        """What a person sees in a state. Fails when that is no page."""
        address = self.address_of(state)
        sent = None
        if state.sent is not None:  # with what the form holds unseen, as a browser would
            sent = _hidden(self.answer(address, who=state.who).body.decode(), state.sent) | state.sent
        answer = self.answer(address, sent, state.who)
        assert answer.status in (200, 403, 404, 409, 410, 422, 500), (state.line, answer.status, answer.headers)
        assert answer.headers["Content-Type"].startswith("text/html"), state.line
        return answer


def states(world: World, of: str = "everything") -> Iterator[State]:
    """The states of both tables that stand in one of the `WORLDS`; `world` has the parts of their addresses."""
    if of == "everything":
        yield from (_of_console(line, world) for line in CONSOLE.strip().splitlines())
    yield from (state for line in PUBLIC.strip().splitlines() if (state := _of_public(line)).world == of)


def parts(world: World) -> Iterator[State]:
    """What scripts of the console ask for in the first world."""
    return (_of_console(line, world) for line in PARTS.strip().splitlines())


def public_worlds() -> list[str]:
    """The worlds of the public table besides the first."""
    assert set(WORLDS) == {line.split()[0] for line in PUBLIC.strip().splitlines()}
    return [name for name in WORLDS if name != "everything"]


def static(path: str) -> Answer | None:
    """A file that pages load, by its address; None for what is none."""
    found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
    return Answer(path, 200, {"Content-Type": guess_type(found)[0] or ""}, Path(found).read_bytes()) if found else None


def _of_console(line: str, world: World) -> State:
    rest, _, form = line.partition(" < ")
    rest, _, query = rest.partition(" ?")
    name, *words = rest.split()
    values = [word[1:] if word.startswith("'") else world[word] for word in words]
    who = name[0] if name[0] in WHO else ""
    name = name.removeprefix(who)
    # What django-allauth finds by its own names stands in no name space.
    address = reverse(name if "_" in name else f"console:{name}", args=values) + (f"?{query}" if query else "")
    return State(line, "everything", name, address, _fields(form), who)


def _of_public(line: str) -> State:
    rest, _, form = line.partition(" < ")
    world, address = rest.split(maxsplit=1)
    # Braces of a pattern that counts stay; those with a word are filled in.
    return State(line, world, "", re.sub(r"\{(\d+)\}", r"{{\1}}", address), _fields(form), "-")


def _fields(form: str) -> dict[str, str] | None:
    return dict(pair.split("=", 1) for pair in form.split()) if form else None


def _hidden(body: str, sent: dict[str, str]) -> dict[str, str]:
    forms = re.findall(r"<form.*?</form>", body, re.DOTALL)
    form = next((each for each in forms if all(f'name="{name}"' in each for name in sent)), body)
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form)
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: unescape(value[1]) for name, value in pairs if name and value}


class _Quoted(dict[str, Any]):
    """The parts of addresses, as parts of a pattern."""

    def __getitem__(self, key: str) -> str:
        return re.escape(str(super().__getitem__(key)))
