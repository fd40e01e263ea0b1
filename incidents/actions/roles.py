"""What a person may do with reviews: Django's groups, until roles of our own exist."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb


def roles_of(actor: Actor) -> frozenset[PersonRole]:
    """The roles of the author of a write. A superuser and the program itself have all of them."""
    if actor.kind != "user":
        return frozenset(PersonRole)
    user = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
    if user is None:
        return frozenset()
    if user.is_superuser:
        return frozenset(PersonRole)
    held = set(user.groups.filter(name__in=list(PersonRole)).values_list("name", flat=True))
    return frozenset(PersonRole(name) for name in held)


def require(actor: Actor, *any_of: PersonRole) -> None:
    """Go on only for somebody with one of these roles; an administrator has them all. Raises Refused."""
    held = roles_of(actor)
    if not held & {*any_of, PersonRole.ADMINISTRATOR}:
        names = ", ".join(any_of)
        raise Refused(_("For this you must be in one of these groups: %(names)s.") % {"names": names})


def set_roles(*, actor: Actor, user_id: int, roles: Sequence[str]) -> User:
    """Put somebody into exactly these groups of the five, made at first use. Raises Refused."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        require(actor, PersonRole.ADMINISTRATOR)
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise Refused(_("There is no such person."))
        unknown = set(roles) - set(PersonRole)
        if unknown:
            raise Refused(_("There is no role “%(name)s”.") % {"name": min(unknown)}, "roles")
        before = sorted(user.groups.filter(name__in=list(PersonRole)).values_list("name", flat=True))
        user.groups.remove(*Group.objects.filter(name__in=list(PersonRole)))
        user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in roles))
        record(
            actor=actor, verb=Verb.ROLES_SET, subject=user, now=now,
            changes={"roles": [", ".join(before), ", ".join(sorted(roles))]},
        )  # fmt: skip
    return user
