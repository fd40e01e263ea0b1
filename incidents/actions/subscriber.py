"""Sign up, confirm, choose, unsubscribe, suspend: what happens to a subscriber.

Answers are neutral: whoever asks learns nothing about an address. Limits count rows in the database, so they hold over
every process and survive a restart; a database that does not answer means no mail (fail closed).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from unicodedata import category

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils import timezone
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from incidents.actions import facts as frozen
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.text import clean_line
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, SignUp, Subscriber
from incidents.queries import the_page

CONFIRMATION_EXPIRY = timedelta(hours=1)
UNCONFIRMED_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Limit:
    """At most `count` within `window`."""

    count: int
    window: timedelta


# Asked for by one client network (/32 or /64); mails to one address; unconfirmed at one domain; mails in all.
CLIENT_LIMIT = Limit(20, timedelta(hours=1))
ADDRESS_LIMIT = Limit(3, timedelta(hours=24))
DOMAIN_LIMIT = Limit(200, timedelta(hours=1))
TOTAL_LIMIT = Limit(2_000, timedelta(hours=1))
REPEAT_PAUSE = timedelta(minutes=10)
_ANSWERING = frozenset(
    ("abuse", "bounce", "bounces", "mailer-daemon", "no-reply", "noreply", "postmaster", "do-not-reply", "donotreply")
)


def sign_up(
    *,
    address: str,
    client_ip: str,
    component_ids: Sequence[int] = (),
    has_reviews: bool = True,
    now: datetime | None = None,
) -> None:
    """Ask to subscribe an e-mail address; `component_ids` empty means everything. The confirmation mail says the rest.

    The same silence for a new, a known and a limited address. Raises Refused only for what is wrong whoever asks: an
    address that cannot be, or too many requests from this client.
    """
    now = now or timezone.now()
    clean = clean_address(address)
    with transaction.atomic(durable=True):
        _one_at_a_time()
        chosen = chosen_components(component_ids)  # before anything is looked up: a refusal must not tell who is known
        client_key = _client_key(client_ip)
        if _count(CLIENT_LIMIT, now, client_key=client_key) >= CLIENT_LIMIT.count:
            raise Refused(_("Too many requests from your network. Try again in an hour."), "limit")
        address_hash = _keyed(clean.casefold())
        is_mailed = not _is_limited(address_hash, clean.rsplit("@", 1)[1].lower(), now)
        SignUp.objects.create(
            at=now, client_key=client_key, address_hash=address_hash, domain=clean.rsplit("@", 1)[1].lower(),
            is_mailed=is_mailed,
        )  # fmt: skip
        if is_mailed:
            ask_to_confirm(clean, chosen, has_reviews, now)


def confirm_subscriber(*, subscriber_id: int, generation: int, now: datetime | None = None) -> Subscriber:
    """Confirm by a mailed token. Raises Refused if the token is void (a newer one was sent, or it was used to
    leave)."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = Subscriber.objects.select_for_update().filter(pk=subscriber_id, generation=generation).first()
        if subscriber is None:
            raise Refused(_("This link is no longer valid. Subscribe again to get a new one."))
        if not subscriber.is_told:
            subscriber.confirmed_at, subscriber.unsubscribed_at, subscriber.suspended_at = now, None, None
            subscriber.save(update_fields=["confirmed_at", "unsubscribed_at", "suspended_at"])
            record(actor=_actor(subscriber), verb=Verb.SUBSCRIBER_CONFIRMED, subject=subscriber, now=now)
    return subscriber


def change_scope(
    *,
    actor: Actor | None = None,
    subscriber_id: int,
    has_all_components: bool,
    component_ids: Sequence[int],
    has_reviews: bool | None = None,
    now: datetime | None = None,
) -> Subscriber:
    """Choose everything, or some components or groups, and whether reviews are wanted (None: as before). Raises
    Refused for an empty or unknown choice."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = _locked(subscriber_id)
        if not has_all_components and not component_ids:
            raise Refused(_("Choose at least one component, or everything. To get nothing, unsubscribe."), "components")
        chosen = chosen_components(component_ids)
        subscriber.has_all_components = has_all_components
        before = subscriber.has_reviews
        subscriber.has_reviews = before if has_reviews is None else has_reviews
        subscriber.save(update_fields=["has_all_components", "has_reviews"])
        subscriber.components.set([] if has_all_components else chosen)
        record(
            actor=actor or _actor(subscriber), verb=Verb.SUBSCRIBER_SCOPED, subject=subscriber, now=now,
            changes={
                "components": ["", "all" if has_all_components else [component.name for component in chosen]],
                "reviews": [before, subscriber.has_reviews],
            },
        )  # fmt: skip
    return subscriber


def unsubscribe(*, actor: Actor | None = None, subscriber_id: int, now: datetime | None = None) -> Subscriber:
    """End a subscription; nothing more is sent. Twice is as good as once. Raises Refused if there is none."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = _locked(subscriber_id)
        if subscriber.unsubscribed_at is None:
            subscriber.unsubscribed_at = now
            subscriber.generation += 1  # an old confirmation link must not bring it back
            subscriber.save(update_fields=["unsubscribed_at", "generation"])
            record(actor=actor or _actor(subscriber), verb=Verb.SUBSCRIBER_UNSUBSCRIBED, subject=subscriber, now=now)
    return subscriber


def undo_unsubscribe(*, subscriber_id: int, now: datetime | None = None) -> Subscriber:
    """Take back an unsubscription, by the same mailed token (mail scanners press buttons). Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = _locked(subscriber_id)
        if subscriber.confirmed_at is None:
            raise Refused(_("This address was never confirmed. Subscribe again."))
        subscriber.unsubscribed_at = None
        subscriber.save(update_fields=["unsubscribed_at"])
        record(actor=_actor(subscriber), verb=Verb.SUBSCRIBER_CONFIRMED, subject=subscriber, now=now)
    return subscriber


def suspend_subscriber(*, subscriber_id: int, reason: str, now: datetime | None = None) -> None:
    """Stop telling an address whose server refuses it for good. `reason` is shown in the console."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        subscriber = _locked(subscriber_id)
        subscriber.suspended_at, subscriber.suspended_reason = now, clean_line(reason)[:300]
        subscriber.save(update_fields=["suspended_at", "suspended_reason"])
        record(actor=SYSTEM, verb=Verb.SUBSCRIBER_SUSPENDED, subject=subscriber, now=now,
               changes={"reason": ["", subscriber.suspended_reason]})  # fmt: skip


def add_confirmed_subscriber(
    *,
    actor: Actor,
    address: str,
    component_ids: Sequence[int] = (),
    consent: str = "",
    now: datetime | None = None,
) -> Subscriber:
    """Enter an address whose owner agreed elsewhere; who vouches for that stands in the audit log, with the proof
    (`consent`: when and how).

    Raises Refused if it is known: one that left must ask again by itself.
    """
    now = now or timezone.now()
    clean = clean_address(address)
    with transaction.atomic(durable=True):
        if Subscriber.objects.filter(channel="email", address_key=clean.casefold(), is_operator=False).exists():
            raise Refused(_("This address is known already."), "address")
        subscriber = Subscriber.objects.create(
            address=clean, address_key=clean.casefold(), confirmed_at=now, created_at=now,
            has_all_components=not component_ids,
        )  # fmt: skip
        subscriber.components.set(chosen_components(component_ids))
        proof = {"consent": ["", clean_line(consent)[:300]]} if consent else {}
        record(actor=actor, verb=Verb.SUBSCRIBER_CONFIRMED, subject=subscriber, now=now, changes=proof)
    return subscriber


def forget_unconfirmed(*, now: datetime | None = None) -> int:
    """Delete sign-ups that were not confirmed within seven days, and the traces that limits needed. Returns how
    many."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        SignUp.objects.filter(at__lt=now - UNCONFIRMED_KEPT).delete()
        stale = Subscriber.objects.filter(confirmed_at__isnull=True, created_at__lt=now - UNCONFIRMED_KEPT)
        return stale.delete()[1].get("incidents.Subscriber", 0)


def ask_to_confirm(
    address: str, chosen: Sequence[Component], has_reviews: bool, now: datetime, actor: Actor | None = None
) -> Subscriber:
    """Mail the owner of an address the question, in the caller's transaction. `actor`: None for the owner."""
    subscriber = (
        Subscriber.objects.select_for_update()
        .filter(channel="email", address_key=address.casefold(), is_operator=False)
        .first()
    )
    if subscriber is None:
        subscriber = Subscriber.objects.create(
            address=address, address_key=address.casefold(), created_at=now, has_all_components=not chosen,
            has_reviews=has_reviews,
        )  # fmt: skip
        subscriber.components.set(chosen)
    elif not subscriber.is_told:
        # Only an address that is not active changes before its owner has spoken.
        subscriber.generation += 1
        subscriber.has_all_components, subscriber.has_reviews = not chosen, has_reviews
        subscriber.created_at = now
        subscriber.save(update_fields=["generation", "has_all_components", "has_reviews", "created_at"])
        subscriber.components.set(chosen)
    record(
        actor=actor or _actor(subscriber), verb=Verb.SUBSCRIBER_SIGNED_UP, subject=subscriber, now=now,
        reach=Reach.SUBSCRIBERS, audience={"subscriber_id": subscriber.pk}, expires_at=now + CONFIRMATION_EXPIRY,
        facts={
            "page": frozen.of_page(the_page()),
            "subscriber": {"is_known": subscriber.is_told, "generation": subscriber.generation},
        },
    )  # fmt: skip
    return subscriber


def _one_at_a_time() -> None:
    """Let sign-ups queue until the end of the transaction: of two at once neither would see the other's row, and the
    limits would not hold. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('candor sign-up'))")


def _is_limited(address_hash: str, domain: str, now: datetime) -> bool:
    mailed = SignUp.objects.filter(is_mailed=True)
    return (
        mailed.filter(address_hash=address_hash, at__gt=now - REPEAT_PAUSE).exists()
        or _count(ADDRESS_LIMIT, now, address_hash=address_hash, is_mailed=True) >= ADDRESS_LIMIT.count
        or _count(DOMAIN_LIMIT, now, domain=domain, is_mailed=True) >= DOMAIN_LIMIT.count
        or _count(TOTAL_LIMIT, now, is_mailed=True) >= TOTAL_LIMIT.count
    )


def _count(limit: Limit, now: datetime, **rule: object) -> int:
    return SignUp.objects.filter(at__gt=now - limit.window, **rule).count()


def clean_address(raw: str) -> str:
    """The address as mail servers read it: a domain in other scripts becomes its ASCII form (IDNA, RFC 5891).

    Raises Refused for what no mail server takes, for what cannot be seen in it, and for our own mailboxes.
    """
    wrong = Refused(_("That is not an e-mail address: check for a missing part or a slip."), "address")
    clean = clean_line(raw)
    if any(category(each) in ("Cc", "Cf") for each in raw.strip()):
        raise Refused(
            _("That is not an e-mail address: it holds characters that cannot be seen. Type it anew."), "address"
        )
    if not clean.rpartition("@")[0].isascii():
        raise Refused(
            _("That is not an e-mail address that we can send to: before the @ only a to z, digits and marks work."),
            "address",
        )
    try:
        validate_email(clean)
        local, domain = clean.rsplit("@", 1)
        address = f"{local}@{punycode(domain).lower()}"
    except (ValidationError, UnicodeError):
        raise wrong from None
    # Django lets these pass; no mail server on the internet takes them, and a leading - or = is an attack on tools.
    if len(address) > 254 or len(local) > 64 or "." not in domain or domain.startswith("[") or local[0] in "-=+@|":
        raise wrong
    if _is_ours(address.casefold()):
        raise wrong
    return address


def _is_ours(address: str) -> bool:
    """Whether mail to an address would come back to us for ever: our sender, and mailboxes of its domain that answer by
    themselves (RFC 2142). Colleagues at that domain may subscribe."""
    sender = settings.DEFAULT_FROM_EMAIL.casefold()
    local, _at, domain = address.rpartition("@")
    return address == sender or (domain == sender.rpartition("@")[2] and local.partition("+")[0] in _ANSWERING)


def _client_key(client_ip: str) -> str:
    try:
        parsed = ip_address(client_ip)
    except ValueError:
        return _keyed("unknown client")
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return _keyed(str(ip_network(f"{parsed}/{64 if parsed.version == 6 else 32}", strict=False)))


def _keyed(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), b"sign-up:" + text.encode(), hashlib.sha256).hexdigest()


def chosen_components(component_ids: Sequence[int]) -> list[Component]:
    """The components of a choice. Raises Refused."""
    found = list(Component.objects.filter(pk__in=component_ids, archived_at__isnull=True))
    if len(found) != len(set(component_ids)):
        raise Refused(_("One of the components is not on the page any more. Choose again."), "components")
    return found


def _locked(subscriber_id: int) -> Subscriber:
    subscriber = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if subscriber is None:
        raise Refused(_("There is no such subscription."))
    return subscriber


def _actor(subscriber: Subscriber) -> Actor:
    return Actor("subscriber", subscriber.address)
