"""What happens to accounts: noted in the log, and where it matters told to their owners by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import outbox, queries
from incidents.actions import guards
from incidents.actions.one_time import VALID, Opens, account_opened_by
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.roles import administrators
from incidents.actions.subscriber import clean_address
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.verbs import Reach, Verb
from incidents.models import Subscriber

CHANNEL = "account"
LAST_RESORT_NAME = "last-resort"
NOTICE_EXPIRY = timedelta(hours=24)
# What the owner of an account is told by mail.
NOTICES: dict[Verb, str | Promise] = {
    Verb.PASSWORD_CHANGED: gettext_lazy("The password of your account was changed."),
    Verb.SECOND_FACTOR_ADDED: gettext_lazy("A second factor was added to your account."),
    Verb.SECOND_FACTOR_REMOVED: gettext_lazy("A second factor was removed from your account."),
    Verb.RECOVERY_CODES_RENEWED: gettext_lazy("New recovery codes were made for your account."),
    Verb.RECOVERY_CODE_USED: gettext_lazy("A recovery code of your account was used."),
    Verb.ACCOUNT_LINKED: gettext_lazy("Your account was connected with the single sign-on."),
    Verb.ACCOUNT_REFUSED: gettext_lazy(
        "Somebody has tried many wrong passwords or codes for your account. They wait longer each time; you can still "
        "sign in from a device that you have used before."
    ),
}


def note(
    *, actor: Actor, verb: Verb, user: User, changes: Mapping[str, Any] | None = None, is_told: bool | None = None,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Write down what has happened to an account, and tell its owner if the verb has a notice (`is_told` False: not
    this time). Where the owner has no address, or mail does not work, it is in the log alone."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        tell = verb in NOTICES if is_told is None else is_told
        mail = _mail(user, {"sentence": str(NOTICES[verb])}, now) if tell else {}
        record(actor=actor, verb=verb, subject=user, now=now, changes=dict(changes or {}), **mail)


def refuse(
    *, user: User | None, what: str, client_ip: str, is_told: bool = False, now: datetime | None = None
) -> None:  # fmt: skip
    """Write down a wrong password or code (`what`), of nobody's account too: what was typed stays out, people type
    passwords into the wrong field. `is_told`: the owner is mailed."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        mail = _mail(user, {"sentence": str(NOTICES[Verb.ACCOUNT_REFUSED])}, now) if user and is_told else {}
        record(
            actor=SYSTEM, verb=Verb.ACCOUNT_REFUSED, subject=user or _nobody(), now=now,
            changes={"what": ["", what], "from": ["", client_ip]}, **mail,
        )  # fmt: skip


def change_password(*, actor: Actor, user_id: int, password: str, now: datetime | None = None) -> User:
    """Set one's own password; every session of before ends with it. Raises Refused, with what is wrong with it."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        user = User.objects.select_for_update().get(pk=user_id)
        return _set_password(actor, user, password, "typed", now)


def accept_invitation(*, user_id: int, password: str, now: datetime | None = None) -> User:
    """Set the first password of somebody who was added. Raises Refused, also for the second use of an invitation."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)  # of two who use the link at once one comes first
        user = User.objects.get(pk=user_id)
        if user.has_usable_password():
            raise Refused(_("This link was used already. Sign in instead."))
        return _set_password(Actor("user", user.get_username(), user.pk), user, password, "invitation", now)


def reset_password(*, token: str, password: str, now: datetime | None = None) -> User:
    """Set a password by the link of a mail, which opens nothing afterwards. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)  # of two who use the link at once one comes first
        user = account_opened_by(token, Opens.PASSWORD_RESET)
        if user is None:
            raise Refused(_("This link does not work any more."))
        return _set_password(Actor("user", user.get_username(), user.pk), user, password, "reset", now)


def ask_reset(*, address: str, client_ip: str, now: datetime | None = None) -> None:
    """Mail the link by which a new password is set, if the address is of exactly one active account with a password.
    Writes as much where it is not, so that nobody can tell."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        found = list(User.objects.filter(email__iexact=address.strip(), is_active=True)[:2])
        user = found[0] if address.strip() and len(found) == 1 and found[0].has_usable_password() else None
        content = {
            "sentence": _("Somebody, probably you, asked for a link to set a new password."),
            "act": _("Set a new password"), "path": reverse("console:account"),
            "opens": {"user_id": user.pk if user else 0, "purpose": Opens.PASSWORD_RESET},
        }  # fmt: skip
        mail = _mail(user, content, now, VALID[Opens.PASSWORD_RESET]) if user else _no_mail(content)
        record(
            actor=Actor("user", user.get_username(), user.pk) if user else SYSTEM,
            verb=Verb.PASSWORD_RESET_ASKED, subject=user or _nobody(), now=now,
            changes={"from": ["", client_ip]}, **mail,
        )  # fmt: skip


def make_last_resort(*, actor: Actor, username: str = LAST_RESORT_NAME, now: datetime | None = None) -> User:
    """The account for a link of last resort: an administrator's own by name, or one made for it, which has no password.
    The other administrators are told. Raises Refused for somebody who is no administrator."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        user = administrators().filter(username=username).first()
        if user is None and username == LAST_RESORT_NAME:
            user, _is_new = User.objects.get_or_create(username=username, defaults={"is_superuser": True})
            user.is_active = user.is_superuser = True
            user.set_unusable_password()
            user.save()
        if user is None:
            raise Refused(_("There is no administrator of that name."))
        record(actor=actor, verb=Verb.BREAK_GLASS_MADE, subject=user, now=now)
        _alert(user, Verb.BREAK_GLASS_MADE, now)
    return user


def use_last_resort(*, token: str, client_ip: str, now: datetime | None = None) -> User:
    """Let the holder of a link of last resort in; it opens nothing afterwards. The other administrators are told.
    Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        user = account_opened_by(token, Opens.LAST_RESORT)
        if user is None:
            raise Refused(_("This link does not work any more."))
        user.last_login = now  # what makes the link void, here and not after the answer
        user.save(update_fields=["last_login"])
        record(
            actor=Actor("user", user.get_username(), user.pk), verb=Verb.BREAK_GLASS_USED, subject=user, now=now,
            changes={"from": ["", client_ip]},
        )  # fmt: skip
        _alert(user, Verb.BREAK_GLASS_USED, now)
    return user


def _set_password(actor: Actor, user: User, password: str, how: str, now: datetime) -> User:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "new_password1") from None
    had_one = user.has_usable_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    mail = _mail(user, {"sentence": str(NOTICES[Verb.PASSWORD_CHANGED])}, now) if had_one else {}
    record(actor=actor, verb=Verb.PASSWORD_CHANGED, subject=user, now=now, changes={"how": ["", how]}, **mail)
    return user


def _nobody() -> User:
    """What stands in the log where the account does not exist."""
    return User(pk=0, username=_("no account"))


def _alert(user: User, verb: Verb, now: datetime) -> None:
    """Tell the other administrators; each is a message of its own."""
    sentences = {
        Verb.BREAK_GLASS_MADE: _("A link of last resort was made on the server, for the account “%(name)s”."),
        Verb.BREAK_GLASS_USED: _("Somebody signed in as “%(name)s” by a link of last resort."),
    }
    content = {"sentence": sentences[verb] % {"name": user.get_username()}}
    for other in administrators().exclude(pk=user.pk).exclude(email="").distinct():
        mail = _mail(other, content, now)
        if mail:
            outbox.append(verb=verb, occurred_at=now, **mail)


def _mail(user: User, content: dict[str, Any], now: datetime, expiry: timedelta = NOTICE_EXPIRY) -> dict[str, Any]:
    """What `record` must be given for a message to the owner of an account; nothing without a usable address."""
    try:
        address = clean_address(user.email)
    except Refused:
        return {}
    # A channel of its own: whoever wants no reminders must still learn that the password was changed.
    row, _is_new = Subscriber.objects.get_or_create(
        channel=CHANNEL, address_key=address.casefold(), is_operator=True,
        defaults={
            "address": address, "is_personal": True, "has_all_components": False, "has_reviews": False,
            "confirmed_at": now, "created_at": now,
        },
    )  # fmt: skip
    if row.suspended_at:
        row.suspended_at = None  # the address bounced once; it is still the only way to its owner
        row.save(update_fields=["suspended_at"])
    about = {"act": _("Look at your account"), "path": reverse("console:account"), "user": user.get_username()}
    return {
        "reach": Reach.SUBSCRIBERS, "audience": {"subscriber_id": row.pk}, "expires_at": now + expiry,
        "facts": {"page": {"name": queries.the_page().name}, "account": about | content},
    }  # fmt: skip


def _no_mail(content: dict[str, Any]) -> dict[str, Any]:
    """As much work as `_mail`, for nobody."""
    Subscriber.objects.filter(channel=CHANNEL, address_key="", is_operator=True).first()
    facts = {"page": {"name": queries.the_page().name}, "account": content | {"user": ""}}
    return {"reach": Reach.SUBSCRIBERS, "audience": {"subscriber_id": 0}, "facts": facts}
