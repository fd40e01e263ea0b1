"""People who may sign in, and the roles they are given: Django's groups, whose names are those of the roles."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from incidents.actions import guards, texts
from incidents.actions.authority import require as require
from incidents.actions.authority import roles_of as roles_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.subscriber import clean_address
from incidents.domain.actor import Actor
from incidents.domain.permissions import GROUPS
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb


def add_person(*, actor: Actor, username: str, email: str = "", roles: Sequence[str] = ()) -> User:
    """Make an account without a password, in these groups: `invitation_of` leads to setting one. Reminders go to the
    e-mail address. Raises Refused: no administrator, a name that is taken, an address that cannot be."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        require(actor, PersonRole.ADMINISTRATOR)
        name, address = texts.line(username, field="username", limit=150), _address(email)
        try:
            UnicodeUsernameValidator()(name)
        except ValidationError:
            raise Refused(_("A username has letters, digits and @ . + - _ only."), "username") from None
        if User.objects.filter(username__iexact=name).exists():
            raise Refused(_("There is somebody of that name already."), "username")
        _refuse_unknown(roles)
        user = User.objects.create_user(name, address)
        user.groups.add(*_groups(roles))
        record(
            actor=actor, verb=Verb.PERSON_ADDED, subject=user, now=now,
            changes={"email": ["", address], "roles": ["", ", ".join(sorted(roles))]},
        )  # fmt: skip
    return user


def invitation_of(user: User) -> tuple[str, str]:
    """The two parts of the link by which somebody without a password sets one: it works once, for three days.

    Made from the account as it is (Django's token of password resets): nothing is stored. Raises Refused for an account
    that has a password.
    """
    if user.has_usable_password():
        raise Refused(_("This account has a password already."))
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def active_person(user_id: int, field: str) -> User:
    """Somebody to whom a thing can be given. Raises Refused, at this field, for an account that is gone or asleep."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Refused(_("There is no such person."), field)
    return user


def set_roles(*, actor: Actor, user_id: int, roles: Sequence[str], email: str | None = None) -> User:
    """Put somebody into exactly these groups (`domain.permissions.GROUPS`), made at first use; `email` None leaves the
    address as it is.

    Raises Refused, also where the only administrator would be none any more.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        require(actor, PersonRole.ADMINISTRATOR)
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise Refused(_("There is no such person."))
        _refuse_unknown(roles)
        address = user.email if email is None else _address(email)
        before = sorted(user.groups.filter(name__in=list(GROUPS)).values_list("name", flat=True))
        user.groups.remove(*Group.objects.filter(name__in=list(GROUPS)))
        user.groups.add(*_groups(roles))
        changes = {"roles": [", ".join(before), ", ".join(sorted(roles))], "email": [user.email, address]}
        if address != user.email:
            user.email = address
            user.save(update_fields=["email"])
        record(
            actor=actor, verb=Verb.ROLES_SET, subject=user, now=now,
            changes={name: pair for name, pair in changes.items() if name == "roles" or pair[0] != pair[1]},
        )  # fmt: skip
        if PersonRole.ADMINISTRATOR in before and not administrators().exists():
            raise Refused(_("Nobody would be administrator any more. Give somebody else the role first."), "roles")
    return user


def administrators() -> QuerySet[User]:
    """The active accounts that may do everything."""
    is_one = Q(is_superuser=True) | Q(groups__name=PersonRole.ADMINISTRATOR)
    return User.objects.filter(is_one, is_active=True)


def _groups(roles: Sequence[str]) -> list[Group]:
    return [Group.objects.get_or_create(name=name)[0] for name in roles]


def _refuse_unknown(roles: Sequence[str]) -> None:
    unknown = set(roles) - set(GROUPS)
    if unknown:
        raise Refused(_("There is no role “%(name)s”.") % {"name": min(unknown)}, "roles")


def _address(raw: str) -> str:
    """An e-mail address as mail servers read it, or "" for none."""
    if not raw.strip():
        return ""
    try:
        return clean_address(raw)
    except Refused as refused:
        raise Refused(refused.sentence, "email") from None
