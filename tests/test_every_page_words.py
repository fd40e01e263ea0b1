"""Every page in a language that nobody speaks: what is still in English there was written into the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import feedparser
import pytest
from django.conf import settings
from django.template import Context, Template
from django.test.signals import template_rendered
from django.utils import timezone

from incidents.models import AuditEntry, Delivery
from incidents.notifying.channels import REGISTRY
from incidents.notifying.composing import Composer
from incidents.web.console import audit_words
from tests import every_world
from tests.archive_world import empty
from tests.every_state import Site, parts, public_worlds, states
from tests.every_world import WORLDS, World
from tests.played import make_once
from tests.test_urls import CONSOLE
from tests.unspoken import LEFT, hard_coded, in_ascii, mask_everything, spoken

pytestmark = pytest.mark.django_db
# Published once, in the language of that day, and served as it was stored.
AS_STORED = ("/versions/1", "/changes/1/2")
# Their texts are what readers of the Statuspage dialect look for.
IN_THE_DIALECT = ("/history.atom", "/history.rss")
# Templates that no state shows, each with its reason.
# Addresses whose pages are not read here, each with its reason.
ELSEWHERE = {
    "console:draft": "the composer's preview, which is",
    "console:palette": "a part of the frame's dialog, read as one of the parts",
    "console:preview-branding": "the front page, which is",
}
NOT_SHOWN = {
    "429.html": "for whom a limit holds back",
    "console/error.html": "for a request that cannot be read",
    "console/fault.html": "after a fault of ours",
    "console/reference.html": "a part of both",
    "console/token.html": "for a form without its token",
    "console/sign_in/set_up.html": "where nobody can sign in yet",
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Something of everything, recorded in that language: what is written down in words is so in those of its day."""
    with spoken(LEFT):
        yield from make_once(django_db_blocker, tmp_path_factory.mktemp("world"), every_world.everything)


def test_no_page_holds_a_word_that_cannot_be_translated_and_every_template_is_shown(world):
    told, shown = [], set()

    def note(template: Any, **_rest: Any) -> None:
        shown.add(template.name)

    template_rendered.connect(note)
    try:
        with spoken(LEFT):
            told += words_in(world, "everything")
            for name in public_worlds():
                empty()
                told += words_in(WORLDS[name]() or {}, name)
    finally:
        template_rendered.disconnect(note)
    assert not told, "\n".join(told)
    root = Path(settings.BASE_DIR) / "templates"
    known = {str(path.relative_to(root)) for path in root.rglob("*.html")}
    missing = sorted(name for name in known - shown if not name.startswith(("notifications/", *NOT_SHOWN)))
    assert not missing, " ".join(missing)


def words_in(world: World, name: str) -> list[str]:
    """What in the pages of a world is in the language of the program, each with the first line of the table."""
    mask_everything()
    site = Site(world)
    found: dict[tuple[str, str], str] = {}
    for state in (*states(world, name), *(parts(world) if name == "everything" else ())):
        body = site.shown(state).body.decode()
        for row in () if state.address.endswith(AS_STORED) else hard_coded(body):
            if state.name != "letter" or row[0] != "title":  # the subject of a mail, in the language of its day
                found.setdefault(row, state.line)
    return [f"{line} | {place} | {words}" for (place, words), line in found.items()]


def test_no_mail_does(world):
    mask_everything()
    found = {}
    with spoken(LEFT):
        composer = Composer(REGISTRY["email"])
        deliveries = list(Delivery.objects.select_related("subscriber").filter(channel="email"))
        composer.prepare(deliveries)
        for delivery in deliveries:
            letter = message_from_bytes(composer.compose(delivery, timezone.now()).body, policy=policy.default)
            parts = {part.get_content_type(): part.get_content() for part in letter.walk() if not part.is_multipart()}
            read = [
                ("subject", " ".join(in_ascii(letter["Subject"]))),
                ("text", " ".join(in_ascii(parts["text/plain"]))),
            ]
            for place, words in (*read, *hard_coded(parts["text/html"])):
                if words:
                    found[place, words] = delivery.event.verb
    told = [f"{verb} | {place} | {words}" for (place, words), verb in found.items()]
    assert not told, "\n".join(told)
    assert {delivery.event.verb for delivery in deliveries} >= {"incident.opened", "subscriber.signed_up"}


def test_no_feed_and_no_calendar_does(world):
    mask_everything()
    told = []
    with spoken(LEFT):
        for path, page in Site(world).pages.items():
            if path in IN_THE_DIALECT or not path.endswith((".atom", ".rss")):
                continue
            feed = feedparser.parse(page.body)
            for entry in feed.entries:
                body = entry.content[0].value if "content" in entry else entry.get("summary", "")
                told += [f"{path} | title | {word}" for word in in_ascii(entry.title)]
                told += [f"{path} | {place} | {words}" for place, words in hard_coded(body)]
    assert not told, "\n".join(sorted(set(told)))


@pytest.mark.parametrize(
    "template",
    [
        "<p>Forgotten</p>",
        '<p title="Forgotten"></p>',
        '<input type="submit" value="Forgotten word">',
        '<button aria-label="Forgotten"></button>',
        '<p data-text="Forgotten word"></p>',
        "<p>{% translate 'Known' %} forgotten</p>",
        "<p>{% blocktranslate with what='forgotten' %}Known {{ what }}{% endblocktranslate %}</p>",
    ],
)
def test_a_word_that_was_written_into_a_template_is_found(template):
    with spoken(LEFT):
        found = hard_coded(Template("{% load i18n %}" + template).render(Context()))
    assert [word.split()[0].casefold() for _place, word in found] == ["forgotten"]


@pytest.mark.parametrize(
    "template",
    [
        "<p>{% translate 'Known' %}</p>",
        "<p>{% blocktranslate with name='Ж' %}Known <b>{{ name }}</b>{% endblocktranslate %} 14:30 UTC</p>",
        "<p translate='no'>section</p><code>wire_string</code>",
        "<a href='https://x.example/known'>https://x.example/known</a>",
    ],
)
def test_a_word_that_can_be_translated_is_not(template):
    with spoken(LEFT):
        assert hard_coded(Template("{% load i18n %}" + template).render(Context())) == []


def test_every_route_of_the_console_that_has_a_page_stands_in_the_table(world):
    shown = {f"console:{state.name}" for state in states(world)}
    client = Site(world).client("")
    ours = [(name, path) for name, path in CONSOLE if name.startswith("console:") and name not in ELSEWHERE]
    missing = [name for name, path in ours if name not in shown and client.get(path).status_code != 405]
    assert missing == []


def test_every_public_page_stands_in_the_table(world):
    site = Site(world)
    patterns = [state.address.format_map(world) for state in states(world) if not state.name]
    kinds = [re.sub(r"\b[a-z0-9]{12}\b", "[a-z0-9]{12}", pattern) for pattern in patterns]
    kinds += [re.sub(r"(/\\d\{4\}-|/)[a-z0-9-]+$", r"\1[^/]+", pattern) for pattern in kinds]
    missing = [path for path in site.html if not any(re.fullmatch(kind, path) for kind in kinds)]
    assert not missing, " ".join(missing)


@pytest.mark.parametrize(
    "name",
    [
        "incidents", "drafts", "proposals", "maintenance-list", "series", "components", "upstreams", "reviews",
        "remediations", "factors", "people", "tokens", "promises", "promise-policies", "subscribers", "deliveries",
        "mailbox", "templates", "audit",
    ],
)  # fmt: skip
def test_keys_move_through_every_list(world, name):
    state = next(each for each in states(world) if (each.name, each.who, each.sent) == (name, "", None))
    assert b" data-row" in Site(world).shown(state).body


def test_the_log_has_a_word_for_all_that_it_is_about_and_for_each_of_its_authors(world):
    entries = AuditEntry.objects.all()
    kinds = set(entries.values_list("subject_kind", flat=True))
    assert len(kinds) > 25
    assert kinds <= audit_words.kinds().keys()
    with spoken(LEFT):
        said = {entry.actor_kind: audit_words.author_of(entry) for entry in entries}
    assert len(said) > 3
    assert [kind for kind, word in said.items() if in_ascii(word)] == []
