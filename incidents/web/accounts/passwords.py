"""What a password must be, and how it is kept."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from incidents import queries

LONGEST = 128
PRODUCT = ("candor", "statuspage", "status page")
# A context word makes a password weak when little is left of it without that word.
ENOUGH_BESIDE = 8
SHORTEST_WORD = 4


class Argon2id(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane: the least that OWASP advises, about 30 ms."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1


class NotTooLong:
    """No password above 128 characters: nobody can type it, and hashing it should not be work for a stranger."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Raises ValidationError."""
        if len(password) > LONGEST:
            raise ValidationError(_("Use at most %(longest)d characters.") % {"longest": LONGEST}, code="too_long")

    def get_help_text(self) -> str:
        """For forms."""
        return _("At most %(longest)d characters; any character counts.") % {"longest": LONGEST}


class NotOfThisPlace:
    """No password that is little more than a name that everybody here knows: of the page, its host, this program, or
    the account itself."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        plain = _plain(password)
        for word in context_words(user):
            if word in plain and len(plain.replace(word, "")) < ENOUGH_BESIDE:
                raise ValidationError(
                    _("This is little more than “%(word)s”, which a guesser tries first.") % {"word": word},
                    code="context",
                )

    def get_help_text(self) -> str:
        """For forms."""
        return _("Not the name of this page, its address or your own name with a few characters added.")


def context_words(user: Any = None) -> set[str]:
    """The words of this place, folded and without blanks and signs, each of four letters or more."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    names = [*PRODUCT, queries.the_page().name, host, *host.split(".")]
    if user is not None:
        address = getattr(user, "email", "") or ""
        names += [user.get_username(), user.get_full_name(), *address.split("@")]
    return {plain for name in names if len(plain := _plain(name or "")) >= SHORTEST_WORD}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())
