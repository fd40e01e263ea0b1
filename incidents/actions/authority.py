"""What the author of a write may do: their roles, looked up now, and the refusal. Rules: `domain.permissions`."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from incidents.actions.refusals import Forbidden
from incidents.domain.actor import Actor
from incidents.domain.permissions import OF_ANYBODY, kinds_of_groups, may, roles_of_groups
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.domain.scopes import roles_of_scopes
from incidents.domain.verbs import Verb


def roles_of(actor: Actor) -> frozenset[PersonRole]:
    """The roles of the author of a write. A superuser and the program itself have all of them, a token those of its
    scopes, an account that is unknown or switched off none."""
    if actor.kind == "token":
        return roles_of_scopes(actor.scopes)
    return roles_of_groups(_groups_of(actor))


def kinds_of(actor: Actor) -> frozenset[ApprovalKind]:
    """The kinds in which the author of a write may approve reviews; a token in none."""
    return frozenset() if actor.kind == "token" else kinds_of_groups(_groups_of(actor))


def allow(actor: Actor, verb: Verb) -> None:
    """Go on only if the author of the write may make this happen. Raises Forbidden."""
    # What anybody may is not looked up: asking for a new password costs the same whether there is the account or not.
    held = roles_of(actor) if actor.kind == "user" and verb not in OF_ANYBODY else frozenset()
    if not may(actor, verb, held):
        raise Forbidden(_refusal(actor))


def require(actor: Actor, *any_of: PersonRole) -> None:
    """Go on only for somebody with one of these roles; an administrator has them all. Raises Forbidden. For what is
    finer than the table of verbs."""
    held = roles_of(actor)
    if not held & {*any_of, PersonRole.ADMINISTRATOR}:
        names = ", ".join(any_of)
        raise Forbidden(_("For this you must be in one of these groups: %(names)s.") % {"names": names})


def _groups_of(actor: Actor) -> frozenset[str]:
    if actor.kind != "user":
        return frozenset(PersonRole)
    rows = list(User.objects.filter(pk=actor.user_id or 0, is_active=True).values_list("is_superuser", "groups__name"))
    if any(is_superuser for is_superuser, _name in rows):
        return frozenset(PersonRole)
    return frozenset(name for _is_superuser, name in rows if name)


def _refusal(actor: Actor) -> str:
    if actor.kind == "token":
        return _("This key does not have the scope for this.")
    return _("You may not do this. An administrator can give you the role for it, under People.")
