"""The group `template_injection` of the bad inputs: a text is a text, in templates, previews, pages and mails."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from incidents import relay
from incidents.actions import page as page_actions
from incidents.actions.component import add_component
from incidents.models import Incident, UpdateTemplate
from incidents.notifying import mailbox
from tests.factories import MARIA, make_component, make_subscriber
from tests.web.console.test_composer import OPEN, typed

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "data" / "bad_inputs.json"
GROUP = next(row for row in json.loads(DATA.read_text())["groups"] if row["group"] == "template_injection")
CASES = {case["id"]: case for case in GROUP["cases"]}
# Names in braces that a template leaves open: its text is saved, and not published before they are filled in.
OPEN_NAMES = {
    "template_injection-09": ["{component}", "{unknown}"],
    "template_injection-16": ["{nope}"],
    "template_injection-17": ["{a}"],
}
# What stands for the case where it is told in words, and not as a text to put somewhere.
SAID = {"template_injection-14": "**x** [a](javascript:1)", "template_injection-17": "{a}"}
TOLD = [name for name in CASES if name not in OPEN_NAMES]
SECRETS = ("object at 0x", "Traceback", "DATABASE_URL=", "<class ", "django-debug", "INSTALLED_APPS")


def payload(name: str) -> str:
    return SAID.get(name, CASES[name]["input"])


def visible(html: str) -> str:
    """The text of a piece of HTML, as a reader sees it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def public() -> str:
    pages = (file.read_text() for file in Path(settings.PUBLIC_ROOT).rglob("*.html"))
    return "\n".join(pages)


def publish() -> None:
    later = timezone.now() + timedelta(minutes=1)
    relay.relay(later)
    relay.deliver(later)


def plain(text: str) -> str:
    """What Markdown leaves of it: straight quotes and single blanks."""
    return " ".join(text.replace("\\", "").split())


@pytest.mark.parametrize("name", CASES)
def test_a_template_is_saved_and_filled_in_as_it_was_typed(console, name):
    text = payload(name)
    answer = console.post("/console/templates/add", {"name": "T", "stage": "investigating", "body": text, "key": "k"})
    assert answer.status_code == 302, answer.content.decode()[:500]
    assert UpdateTemplate.objects.get().body == text
    filled = console.post(OPEN, typed(console.get(OPEN), body="", template="T", step="fill"))
    assert filled.context["form"]["body"].value() == text
    assert f"{text}</textarea>" in unescape(filled.content.decode())


@pytest.mark.parametrize("name", TOLD)
def test_it_is_previewed_and_published_as_a_text(console, name):
    text = payload(name)
    make_subscriber(now=timezone.now() - timedelta(hours=1))
    escaped = re.sub(r"([\\`*\[\]<>_{}()#+.!|~-])", r"\\\1", text)
    form = typed(console.get(OPEN), title=text, body=escaped)
    shown = console.post(OPEN, form | {"step": "preview"}, HTTP_HX_REQUEST="true")
    assert plain(text) in visible(shown.content.decode())
    assert console.post(OPEN, form).status_code == 302
    publish()
    update = Incident.objects.get().updates.get()
    assert plain(text) in visible(update.body_html)
    pages, letter = public(), mailbox.messages()[0]
    assert plain(text) in visible(pages)
    assert plain(text) in plain(letter.text)
    assert text in letter.subject
    for secret in SECRETS:
        assert secret not in shown.content.decode() + pages + letter.text + letter.html
    if "7*7" in text:
        assert not re.search(r"\b49\b", visible(update.body_html) + letter.subject)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_what_a_template_leaves_open_is_flagged_and_not_published(console, name):
    text, names = payload(name), OPEN_NAMES[name]
    page_actions.save_template(actor=MARIA, name="T", stage="investigating", body=text)
    form = typed(console.get(OPEN), title="Errors", body=text)
    shown = visible(console.post(OPEN, form | {"step": "preview"}, HTTP_HX_REQUEST="true").content.decode())
    assert f"Still to fill in: {', '.join(names)}" in shown
    refused = console.post(OPEN, form)
    assert refused.status_code == 422
    for each in names:
        assert each in visible(refused.content.decode())
    assert not Incident.objects.exists()
    done = {**form, "body": re.sub(r"\{\w+\}", "the API", text)}
    assert console.post(OPEN, done).status_code == 302


@pytest.mark.parametrize("name", CASES)
def test_as_the_name_of_a_component_or_of_the_page_it_is_a_text_too(console, name):
    text = payload(name)
    make_subscriber(now=timezone.now() - timedelta(hours=1))
    row = add_component(actor=MARIA, name=text)
    page_actions.edit_page(actor=MARIA, name=text, time_zone="Etc/UTC")
    page_actions.save_template(actor=MARIA, name="T", stage="investigating", body="Slow: {components}. {title}")
    form = typed(console.get(OPEN), title=text, body="", pick="1=m")
    filled = console.post(OPEN, form | {"template": "T", "step": "fill"})
    body = str(filled.context["form"]["body"].value())
    assert console.post(OPEN, form | {"body": body.replace("{", "\\{")}).status_code == 302
    publish()
    update = Incident.objects.get().updates.get()
    assert f"Slow: {plain(text)}. {plain(text)}" in visible(update.body_html)
    assert "<a" not in update.body_html
    assert "<strong>x" not in update.body_html
    assert plain(text) in visible(public())
    assert mailbox.messages()[0].subject == f"[{text}] {text} — Investigating"
    assert row.name == text


def test_what_is_filled_in_is_not_read_for_names_again(console):
    make_component("{components}{components}")
    page_actions.save_template(actor=MARIA, name="T", stage="investigating", body="{components} and {title}")
    form = typed(console.get(OPEN), title="{title}{components}", body="", pick="1")
    filled = console.post(OPEN, form | {"template": "T", "step": "fill"})
    assert filled.context["form"]["body"].value() == "{components}{components} and {title}{components}"
