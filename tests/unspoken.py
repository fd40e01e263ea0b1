"""A language that nobody speaks, for finding text that was written into the program; and what people wrote, masked.

No letter of a translated text is ASCII, nor is one of what people wrote into the tables. So whatever stands on a page
in ASCII letters was written into a template or a module, or is said the same in every language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import CharField, JSONField, Model, TextField
from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real

from incidents.chain import lasting
from incidents.publishing import reviews

LEFT, RIGHT = "en-xa", "ar-xb"  # read from the left and from the right; the second is one of Django's LANGUAGES_BIDI
LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FOREIGN = "áƀçđéƒĝĥíĵķļɱñóþɋŕšŧúṽŵẋýžÁßÇÐÉƑĜĤÍĴĶĻṀÑÓÞɊŔŠŦÚṼŴẊÝŽ"
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنه"
# What is kept in a translated text: places for values, elements, entities, addresses.
KEPT = re.compile(r"%\([^)]*\)[a-z]|%[sd%]|\{[^}]*\}|</?[a-zA-Z][^>]*>|&[#\w]+;|https?://\S+")
MACHINE = re.compile(
    r"[a-z0-9_.:/@+\-]*|[A-Z0-9_=;,]{12,}|[A-Z]+-?\d+|[A-Z]{2,4}|\d{4}-\d\d-\d\dT.*|https?://\S+|[A-Z][a-z]+/[A-Z][A-Za-z_]+"
)
# Texts of people whatever they look like, in the names of fields and of the keys of documents.
PROSE = re.compile(
    r"(.*_)?(name|title|label|body|reason|note|description|words|sentence|audience|advice|address_name|text|html"
    r"|system|initiator|process|team|evidence|place|intent|by|username)"
)
UNTOUCHED = ("RecordEntry", "ImportedRow", "Attempt")


class Unspoken(NullTranslations):
    """A catalogue that has a translation for every text: longer by two fifths, without one ASCII letter."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        letters = FOREIGN if language == LEFT else ARABIC * 2
        self._letters = str.maketrans(LATIN, letters)

    def language(self) -> str:
        """What Django asks for the name of the active language."""
        return self._language

    to_language = language

    def gettext(self, message: str) -> str:
        """The text in this language, in brackets; a context before it is left out."""
        text = message.rpartition("\x04")[2]
        return self._said(text) if text.strip() else text

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same for a text with a number."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    def _said(self, text: str) -> str:
        kept = [match.span() for match in KEPT.finditer(text)]
        said, at = "", 0
        for start, end in (*kept, (len(text), len(text))):
            said += text[at:start].translate(self._letters) + text[start:end]
            at = end
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}⟦{said.strip()}{'·' * (2 * len(text) // 5)}⟧{after}"


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Everything is said in this language, by every thread, until the end."""
    trans_real._translations[language] = Unspoken(language)  # type: ignore[attr-defined]
    try:
        with override_settings(LANGUAGE_CODE=language), translation.override(language):
            yield
    finally:
        del trans_real._translations[language]  # type: ignore[attr-defined]


def mask_everything() -> None:
    """Write what people wrote in letters of another script, in every table. Machine words stay as they are."""
    models: list[type[Model]] = [User, *(model for model in apps.get_app_config("incidents").get_models())]
    lasting.let_go()  # the database would keep the log as it was written
    reviews._kept.clear()  # a version never changes, so what was read of it is kept
    for model in models:
        if model.__name__ in UNTOUCHED:
            continue
        fields = [
            field for field in model._meta.concrete_fields if isinstance(field, CharField | TextField | JSONField)
        ]
        for row in model._default_manager.all():
            changed = {
                field.name: masked(field.name, getattr(row, field.name)) for field in fields if not field.choices
            }
            model._default_manager.filter(pk=row.pk).update(**changed)


def masked(name: str, value: Any) -> Any:
    """A value of a field or of a key in letters of another script; machine words stay as they are."""
    if isinstance(value, dict):
        return {key: masked(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [masked(name, each) for each in value]
    if not isinstance(value, str) or name == "password":  # which is kept as its hash
        return value
    if name == "document" and value.startswith("{"):  # of a version of a review: JSON, kept as the text that was hashed
        return json.dumps(masked("", json.loads(value)))
    is_prose = PROSE.fullmatch(name) and not name.startswith("has_")
    if not is_prose and MACHINE.fullmatch(value):
        return value
    return "".join(
        part if number % 2 else part.translate(CYRILLIC)
        for number, part in enumerate(re.split(f"({KEPT.pattern})", value))
    )


CYRILLIC = str.maketrans(LATIN, "".join(chr(0x430 + n) for n in range(26)) + "".join(chr(0x410 + n) for n in range(26)))

# Said the same in every language.
SAME = {
    "radius": "the name of a style value", "space": "another", "width": "another", "font": "another",
    "system": "a family of letters", "humanist": "", "geometric": "", "rounded": "", "serif": "", "mono": "",
    "UTC": "the zone of every time", "GMT": "a zone",
    "API": "names of techniques", "JSON": "", "RSS": "", "Atom": "", "CSV": "", "ICS": "", "URL": "", "HTTP": "",
    "CI": "",
    "SVG": "", "PowerShell": "", "GitHub": "", "GitLab": "", "Prometheus": "", "Nagios": "", "Python": "", "curl": "",
    "Markdown": "", "SLA": "", "RRULE": "", "Statuspage": "", "PagerDuty": "", "Grafana": "", "Alertmanager": "",
    "Ctrl": "what stands on keys", "Enter": "", "Esc": "", "Shift": "", "Alt": "",
    "Status": "`<name> Status` is what readers of the Statuspage dialect look for", "Feed": "", "Updates": "",
    "Actions": "a name of a product", "Icinga": "", "Candor": "",
}  # fmt: skip
SPOKEN_ATTRIBUTES = ("title", "alt", "aria-label", "aria-description", "placeholder", "content", "label")
# Their text is for machines, or is shown as it was typed.
SILENT = ("script", "style", "code", "pre", "template", "textarea")
# The addresses of feeds, whose titles are those that readers of the Statuspage dialect look for.
FEED = re.compile(r".*(\.atom|\.rss|feed\.json)")
VOID = ("meta", "link", "input", "br", "hr", "img", "path", "rect", "circle", "use", "wbr", "col", "line", "source")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
TOKEN = re.compile(r"\{[^}]*\}|<[^>]*>|\S*[/@_=\\]\S*|\S+\.\w+\S*|\S*\d\S*|[A-Z]+(?:-[A-Z]+)+")


class Reader(HTMLParser):
    """Collects what stands on a page in ASCII letters, as (place, text)."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, str]] = []
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read the attributes that people see or hear."""
        given = dict(attrs)
        is_silent = given.get("translate") == "no" or bool(FEED.fullmatch(given.get("href") or ""))
        for name, value in attrs:
            is_button = tag == "input" and name == "value" and given.get("type") in ("submit", "button", "reset")
            # `data-on` lists components by their names in addresses.
            is_said = name.startswith("data-") and name != "data-on" and " " in (value or "")
            if is_silent:
                break
            if name == "content" and not (given.get("name") or given.get("property") or "").endswith(
                ("description", "title", "site_name")
            ):
                continue
            if name in SPOKEN_ATTRIBUTES or is_button or is_said:
                self._read(f"{tag}[{name}]", value or "")
        if tag not in VOID:
            # What an author calls machine words is left alone, by translators of browsers too (HTML, 3.2.6.3).
            self.open.append("code" if is_silent else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that is closed where it stands."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Back to the element around it."""
        if self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        """Read a text."""
        if not set(SILENT) & set(self.open):
            self._read(self.open[-1] if self.open else "", data)

    def _read(self, place: str, text: str) -> None:
        if said := in_ascii(text):
            self.found.append((place, " ".join(said)))


def in_ascii(text: str) -> list[str]:
    """The words of a text that are in ASCII letters, besides addresses, names of files, and what is always so."""
    return [word for word in WORD.findall(TOKEN.sub(" ", text)) if word not in SAME]


def hard_coded(body: str) -> list[tuple[str, str]]:
    """What stands on a page in the language of the program, as (place, words)."""
    return Reader(body).found
