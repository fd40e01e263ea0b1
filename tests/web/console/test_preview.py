"""What the preview shows is what is published, byte for byte: the update, the card of the front page, and the mail.

Two things come only with the post and are put in here: the address of the update (and of a new incident), and the time,
which stands still in these tests.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from incidents import relay
from incidents.models import Incident
from incidents.notifying import mailbox
from tests.factories import make_component, make_region, make_subscriber, open_incident, post_update, utc
from tests.web.console.test_composer import OPEN, typed

pytestmark = pytest.mark.django_db
NOW = utc("2026-06-23 14:52:07")
TEXTS = {
    "plain": "We are looking into it.",
    "markdown": "**Bold**, *it*, `code`, ~~no~~\n\n- one\n- two\n\n1. a\n2. b\n\n> quoted\n\n[a link](https://example.org/?a=1&b=2)",
    "html": "<script>alert(1)</script> & <b>x</b> \"quotes\" 'single' {{ braces }} {% tag %}",
    "javascript": "[x](javascript:alert(1)) ![i](https://example.org/a.png)",
    "table": "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode <here>\n```",
    "arabic": "نحقق في المشكلة. **سنكتب** مجددًا في 15:30.",
    "hebrew": "אנחנו בודקים את `API` עכשיו.",
    "mixed": "שגיאות on the API, 日本語, emoji 🚒, ﬁ, é (e\u0301)",
    "long": "A sentence that says something. " * 700,
    "one word": "x" * 3000,
    "lines": "One\r\nTwo\r\n\r\n\r\nThree   \r\n    indented",
    "entities": "&amp; &lt;b&gt; &#x27; %20 \\* \\_",
}  # fmt: skip


class World:
    """Three components, one of them in two regions, an incident that holds two of them, and a reader."""

    def __init__(self) -> None:
        long_ago = NOW - timedelta(days=3)
        self.east, self.west = make_region("east"), make_region("west")
        group = make_component("Apps", is_group=True)
        self.api = make_component("API", region_ids=[self.east.pk, self.west.pk])
        self.web = make_component("Web <b>", group_id=group.pk)
        self.ios = make_component("iOS", group_id=group.pk)
        make_subscriber(now=long_ago)
        self.incident = open_incident(
            self.api, self.web, title="Errors & <delays>", advice="Use **another** region.",
            now=NOW - timedelta(minutes=30), next_update_due_at=NOW + timedelta(minutes=5),
        )  # fmt: skip
        relay.relay(NOW - timedelta(minutes=30))
        relay.deliver(NOW - timedelta(minutes=30))
        self.path = f"/console/incidents/{self.incident.code}"

    def fields(self, kind: str) -> tuple[str, dict[str, object]]:
        """Address and fields of one way to post."""
        api, web, ios = self.api.pk, self.web.pk, self.ios.pk
        known: dict[str, tuple[str, dict[str, object]]] = {
            "update": (f"{self.path}/update", {"stage": "identified", "due": "30"}),
            "same stage": (f"{self.path}/update", {"stage": "investigating", "due": "at", "due_at": "16:00"}),
            "regions": (f"{self.path}/update", {"stage": "monitoring", f"level_{api}": "operational",
                        f"regions_{api}": [str(self.east.pk)], f"since_{api}": "14:40"}),
            "all at once": (f"{self.path}/update", {"stage": "identified", "pick": "ios web = d"}),
            "whole group": (f"{self.path}/update", {"stage": "identified", "picked": [str(ios)],
                            "picked_level": "major_outage", "advice": ""}),
            "wrong results": (f"{self.path}/update", {"stage": "identified", f"level_{web}": "wrong_results"}),
            "resolve": (f"{self.path}/resolve", {"stage": "resolved"}),
            "resolve earlier": (f"{self.path}/resolve", {"stage": "resolved", "recovered_at": "14:45"}),
            "open": (OPEN, {"title": "New & <other>", "due": "15", "pick": "1 ios=m", "started_at": "14:30",
                     "advice": "Wait."}),
            "open without components": (OPEN, {"title": "Slow", "detected_at": "14:20"}),
            "reopen": (f"{self.path}/reopen", {"stage": "investigating", "pick": "api = p"}),
        }  # fmt: skip
        return known[kind]


KINDS = ("update", "same stage", "regions", "all at once", "whole group", "wrong results", "resolve",
         "resolve earlier", "open", "open without components", "reopen")  # fmt: skip


def part(html: str, tag: str, kind: str) -> str:
    """What stands inside the element of the preview."""
    found = re.search(rf'<{tag} class="as-public {kind}"[^>]*>(.*?)</{tag}>\s*(?:<p|<div|</section)', html, re.DOTALL)
    assert found, html[:2000]
    return found[1].strip()


def published(path: str) -> str:
    return next(Path(settings.PUBLIC_ROOT).rglob(path)).read_text()


def played(console, kind: str, body: str):
    """The preview, then the post of the same form, then everything that follows; returns both and the incident."""
    world = World()
    if kind == "reopen":
        post_update(world.incident, "resolved", now=NOW - timedelta(minutes=10), is_notifying=False)
    path, fields = world.fields(kind)
    form = typed(console.get(path)) | {"body": body, **fields}
    shown = console.post(path, form | {"step": "preview"}, HTTP_HX_REQUEST="true")
    assert console.post(path, form).status_code == 302
    relay.relay(timezone.now() + timedelta(seconds=10))
    relay.deliver(timezone.now() + timedelta(seconds=10))
    incident = Incident.objects.latest("updated_at", "pk") if kind.startswith("open") else world.incident
    return shown, incident, incident.updates.last()


def compare(console, kind: str, body: str) -> None:
    shown, incident, update = played(console, kind, body)
    html = shown.content.decode()
    mine = part(html, "ol", "of-page").replace("update-preview", f"update-{update.code}")
    page = published(f"incidents/{incident.code}.html")
    assert mine in page
    card = part(html, "div", "of-card").replace("/incidents/preview", f"/incidents/{incident.code}")
    card = card.replace('id="incident-preview"', f'id="incident-{incident.code}"')
    if update.stage == "resolved":
        assert "has no card" in card
    else:
        assert card in published("index.html")
    letter = message_from_bytes(_newest_letter(), policy=default)
    preview = shown.context["preview"]
    assert letter["Subject"] == preview.subject
    sent = letter.get_body(("plain",)).get_content().replace("\r\n", "\n")
    mine = preview.letter.replace("/incidents/preview", f"/incidents/{incident.code}")
    assert sent.partition("\n-- \n")[0] == mine.partition("\n-- \n")[0]


def _newest_letter() -> bytes:
    rows = sorted(mailbox.folder().iterdir())
    assert len(rows) == 2, "of the opening before, and of this"
    return rows[-1].read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_each_way_to_post_is_shown_as_it_is_published(console, kind):
    with time_machine.travel(NOW, tick=False):
        compare(console, kind, TEXTS["markdown"])


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_is_shown_as_it_is_published(console, name):
    with time_machine.travel(NOW, tick=False):
        compare(console, "regions", TEXTS[name])
