"""Everything that anybody can do, done on one page: the table of acts of the audit log, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist
from django.db import transaction

from incidents.actions import agreement, calendar, component, factor, operators, page, promise, subscriber
from incidents.actions.refusals import Refused
from incidents.domain.verbs import Verb
from incidents.models import ImpactInterval, Incident
from tests.actions import test_record
from tests.factories import make_component, open_incident

ON_AN_INCIDENT = ("incident", "milestone", "update", "interval")
# Names of which there may be one: the acts give the same ones again and again.
UNIQUE = (
    (component, "add_component", "name", "{} {}"),
    (agreement, "add_agreement", "slug", "{}-{}"),
    (page, "save_template", "name", "{} {}"),
    (calendar, "save_calendar", "name", "{} {}"),
    (promise, "save_policy", "name", "{} {}"),
    (factor, "add_factor_code", "code", "{}{}"),
    (subscriber, "add_confirmed_subscriber", "address", "{1}.{0}"),
    (operators, "add_operator", "address", "{1}.{0}"),
)


def do_everything(patch: pytest.MonkeyPatch) -> set[str]:
    """Do everything that anybody can do, one after the other, each on an incident of its own; returns what was done.

    An act that was written for an empty page may be refused on this one; those few are left out.
    """
    numbers = count()
    for module, act, field, form in UNIQUE:
        _number(patch, module, act, field, form, numbers)
    patch.setattr(test_record, "the_incident", lambda: Incident.objects.latest("pk"))
    patch.setattr(test_record, "an_interval", lambda: ImpactInterval.objects.latest("pk"))
    done = set()
    acts = {verb: act for verb, act in test_record.ACTS.items() if verb != Verb.HISTORY_RESTORED}
    for verb, made_ready in acts.items():
        atomic = transaction.atomic()
        vars(atomic)["_from_testcase"] = True  # actions are durable, and may be inside this one
        with suppress(Refused, ObjectDoesNotExist, MultipleObjectsReturned), atomic:
            if verb.startswith(ON_AN_INCIDENT):
                open_incident(make_component("Part"))
            made_ready()()
            done.add(verb)
    return done


def _number(patch: pytest.MonkeyPatch, module: Any, act: str, field: str, form: str, numbers: Iterator[int]) -> None:
    do = getattr(module, act)

    def with_number(**given: Any) -> Any:
        return do(**given | {field: form.format(given[field], next(numbers))} if field in given else given)

    patch.setattr(module, act, with_number)
