"""A small world, made through the actions wherever state matters. All keyword overrides; times are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Group, User

from incidents.actions import component as component_actions
from incidents.actions import incident as incident_actions
from incidents.actions import subscriber as subscriber_actions
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.review import PersonRole
from incidents.domain.status import Level
from incidents.models import Component, Incident, IncidentUpdate, Region, Subscriber


class Colleague(Actor):
    """A person with an account in every group. The account is made, or found by its name, when it is first asked for:
    what is written in a test by somebody is judged as it is in earnest, by the account and its groups."""

    @property
    def user_id(self) -> int:
        """Of the account."""
        return account(self.label).pk

    @user_id.setter
    def user_id(self, _given: int | None) -> None:
        """The dataclass gives a default, which says nothing."""


def account(name: str, *roles: str, password: str = "") -> User:
    """The account of this name; a new one is put into these groups, or into every one. `password`: to sign in with."""
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        user.groups.add(*(Group.objects.get_or_create(name=role)[0] for role in roles or PersonRole))
    if password:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def colleague(name: str) -> Actor:
    """The author of a write, who may do everything."""
    return Colleague("user", name)


MARIA = colleague("maria")
# Somebody of whom there is no account.
STRANGER = Actor("user", "stranger")


def utc(text: str) -> datetime:
    """`2026-06-23 14:52` or with seconds, as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_region(key: str = "region-1", **overrides: Any) -> Region:
    """A region."""
    return component_actions.add_region(**{"actor": MARIA, "key": key, "name": key.title(), **overrides})


def make_component(name: str = "API", **overrides: Any) -> Component:
    """A component at the top level."""
    return component_actions.add_component(**{"actor": MARIA, "name": name, **overrides})


def change(component: Component, level: str = Level.MAJOR_OUTAGE, **overrides: Any) -> ComponentChange:
    """What an update says of a component."""
    return ComponentChange(component.pk, Level(level), **overrides)


def open_incident(*components: Component, level: str = Level.MAJOR_OUTAGE, **overrides: Any) -> Incident:
    """An open incident in which the components are at one level."""
    values = {"actor": MARIA, "title": "Errors", "body": "We are looking into it."}
    return incident_actions.open_incident(
        **{**values, "components": [change(row, level) for row in components], **overrides}
    )


def post_update(incident: Incident, stage: str = "identified", **overrides: Any) -> IncidentUpdate:
    """One more update."""
    values = {"actor": MARIA, "incident_id": incident.pk, "stage": stage, "body": f"It is {stage}."}
    return incident_actions.post_update(**{**values, **overrides})


def make_subscriber(address: str = "reader@example.org", **overrides: Any) -> Subscriber:
    """A confirmed subscriber by e-mail."""
    return subscriber_actions.add_confirmed_subscriber(**{"actor": MARIA, "address": address, **overrides})
