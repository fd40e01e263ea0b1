"""The words of a language with three plural forms and another order of dates, from a catalogue made here."""

from __future__ import annotations

import gettext as gettext_module
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real

from incidents.domain.verbs import Verb
from incidents.models.words import happening
from incidents.publishing import planned, words
from incidents.publishing.words import Named
from tests.factories import utc

LANGUAGE = "pl-test"
# As in the head of a Polish catalogue: 1; 2 to 4 but not 12 to 14; all others.
FORMS = "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
SAID = {
    ("short month\x04Jun", 0): "cze",
    ("day\x04%(day)s %(month)s %(year)s", 0): "%(year)s %(month)s %(day)s",
    ("day without year\x04%(day)s %(month)s", 0): "%(month)s %(day)s",
    ("day and time\x04%(day)s, %(time)s", 0): "%(day)s o %(time)s",
    ("separator of thousands\x04,", 0): "\u00a0",
    ("%(count)s more", 0): "jeszcze %(count)s inny",
    ("%(count)s more", 1): "jeszcze %(count)s inne",
    ("%(count)s more", 2): "jeszcze %(count)s innych",
    ("%(count)s incident", 0): "%(count)s incydent",
    ("%(count)s incident", 1): "%(count)s incydenty",
    ("%(count)s incident", 2): "%(count)s incydentów",
    ("%(days)s day without trouble.", 0): "%(days)s dzień bez problemów.",
    ("%(days)s day without trouble.", 1): "%(days)s dni bez problemów.",
    ("%(days)s day without trouble.", 2): "%(days)s dni bez problemów!",
    ("opened the incident", 0): "otwiera incydent",
    ("%(count)s min", 0): "%(count)s min.",
    ("%(count)s h", 0): "%(count)s godz.",
}


class Catalogue(gettext_module.GNUTranslations):
    """A catalogue with the forms of the language and the texts of SAID; what is not there stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._catalog: dict[Any, str] = {key if key[1] else key[0]: text for key, text in SAID.items() if text}
        self._catalog |= {key: text for key, text in SAID.items() if text}
        self.plural = gettext_module.c2py(FORMS)

    def to_language(self) -> str:
        """What Django asks for the name of the active language."""
        return LANGUAGE


@pytest.fixture(autouse=True)
def spoken() -> Iterator[None]:
    """Everything is said in that language."""
    trans_real._translations[LANGUAGE] = Catalogue()  # type: ignore[attr-defined]
    with override_settings(LANGUAGE_CODE=LANGUAGE), translation.override(LANGUAGE):
        yield
    del trans_real._translations[LANGUAGE]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("count", "said"), [(1, "incydent"), (2, "incydenty"), (5, "incydentów"), (12, "incydentów"), (22, "incydenty")]
)
def test_a_count_takes_the_form_that_its_language_has_for_it(count, said):
    assert planned.tally(count, 0) == f"{count} {said}"


@pytest.mark.parametrize(("more", "said"), [(2, "inne"), (5, "innych"), (12, "innych"), (24, "inne")])
def test_so_does_the_end_of_a_list(more, said):
    names = [Named(str(number)) for number in range(3 + more)]
    assert words.listing(names, limit=3).endswith(f"jeszcze {more} {said}")


def test_a_template_counts_in_the_same_way():
    counting = "{% load i18n %}{% blocktranslate count count=n %}%(count)s{% plural %}x{% endblocktranslate %}"
    assert (
        Template(counting.replace("%(count)s", "{{ count }} incident").replace("x", "{{ count }} incidents")).render(
            Context({"n": 3})
        )
        == "3 incydenty"
    )


def test_a_count_that_is_not_translated_keeps_the_forms_of_english():
    assert [planned.tally(0, count) for count in (1, 2)] == ["1 maintenance", "2 maintenances"]


def test_a_date_has_the_order_of_its_language_and_a_clock_has_24_hours():
    assert words.day(date(2026, 6, 3)) == "2026 cze 3"
    assert words.day(date(2026, 6, 3), has_year=False) == "cze 3"
    assert words.clock(utc("2026-06-23 18:15"), has_day=True) == "2026 cze 23 o 18:15 UTC"


def test_lengths_and_the_units_of_the_script_are_the_same_words():
    assert words.duration(3 * 3600 + 45 * 60) == "3 godz. 45 min."
    assert words.units() == "%s s|%s min.|%s godz.|%s d"


def test_thousands_have_the_separator_of_the_language():
    assert words.number(12_483) == "12\u00a0483"
    shown = Template("{% load console_tags %}{{ count|thousands }}").render(Context({"count": 1_000_000}))
    assert shown == "1\u00a0000\u00a0000"


def test_what_was_done_is_said_in_the_language_of_the_reader():
    assert happening(Verb.INCIDENT_OPENED) == "otwiera incydent"
    assert happening("unheard.of") == "unheard.of"
