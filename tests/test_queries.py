"""Reads that the console, the facts of mails and the snapshot share."""

from __future__ import annotations

import pytest

from incidents import queries
from tests.factories import make_component, open_incident

pytestmark = pytest.mark.django_db


def test_the_components_of_an_incident_stand_in_the_order_of_the_page():
    web = make_component("Web")
    group = make_component("Apps", is_group=True)
    ios = make_component("iOS", group_id=group.pk)
    windows = make_component("Windows", group_id=group.pk)
    api = make_component("API")
    incident = open_incident(api, windows, ios, web)
    assert list(queries.components_of(incident)) == [web, ios, windows, api]
