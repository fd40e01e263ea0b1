"""What every write begins with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.actions import guards
from incidents.models import IdempotencyKey, PublicPage
from tests.factories import make_component, open_incident, utc

pytestmark = pytest.mark.django_db


def test_the_first_write_makes_the_page_and_the_second_finds_it():
    assert not PublicPage.objects.exists()
    first = guards.lock_page(utc("2026-06-23 14:52"))
    assert guards.lock_page(utc("2026-06-23 14:53")) == first
    assert PublicPage.objects.count() == 1


def test_keys_are_forgotten_after_a_week_and_not_before():
    now = utc("2026-06-23 14:52")
    open_incident(make_component(), key="k1", now=now)
    assert guards.forget_results(now + timedelta(days=7)) == 0
    assert guards.forget_results(now + timedelta(days=7, seconds=1)) == 1
    assert not IdempotencyKey.objects.exists()
