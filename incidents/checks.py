"""System checks: what an operator may have set that would leave the page open. `manage.py check --deploy` runs all.

Errors end every command but `up` (whose public page must come up whatever is wrong behind it, and which asks itself
what matters to it); warnings of the tag `deploy` are told by `check --deploy` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

SHORTEST_KEY, FEWEST_CHARACTERS = 32, 10


@register(Tags.security)
def check_settings(**_given: Any) -> list[CheckMessage]:
    """Errors: what must not be, wherever the page is reached."""
    return list(_errors())


@register(Tags.security, deploy=True)
def check_deployment(**_given: Any) -> list[CheckMessage]:
    """Warnings: what is right on a desk and wrong on the internet."""
    return list(_warnings())


def is_loopback(host: str) -> bool:
    """Whether a host name or address reaches only this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _errors() -> Iterator[CheckMessage]:
    is_public = not is_loopback(_host(settings.SITE_URL))
    if settings.DEBUG and is_public:
        yield Error("DEBUG shows settings and code to whoever meets a fault. Unset it.", id="candor.E001")
    key = settings.SECRET_KEY
    if is_public and (len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS):
        hint = f"At least {SHORTEST_KEY} random characters, or none: then one is made and kept in DATA_DIR."
        yield Error("SECRET_KEY can be guessed, and with it every token that is mailed.", hint=hint, id="candor.E002")
    for each in settings.TRUSTED_PROXIES:
        try:
            is_everybody = ip_network(each, strict=False).prefixlen == 0
        except ValueError:
            yield Error(f"TRUSTED_PROXIES names {each!r}, which is no address and no network.", id="candor.E003")
        else:
            if is_everybody:
                yield Error(
                    "TRUSTED_PROXIES names everybody: each client could say where it comes from.", id="candor.E004"
                )


def _warnings() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        yield Warning("SITE_URL is not https: passwords and sessions travel in the open.", id="candor.W001")
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning("ALLOWED_HOSTS is *: requests for any name are answered.", id="candor.W002")
    if parts.scheme == "https" and not settings.TRUSTED_PROXIES:
        hint = "Name what ends TLS in front of Candor; without it all clients count as one, and limits hit everybody."
        yield Warning("SITE_URL is https and TRUSTED_PROXIES is empty.", hint=hint, id="candor.W003")
    mail = urlsplit(settings.EMAIL_URL)
    if mail.scheme == "smtp" and mail.password and not is_loopback(mail.hostname or ""):
        yield Warning(
            "EMAIL_URL sends a password to another machine without TLS. Use smtp+tls:// or smtp+ssl://.",
            id="candor.W004",
        )


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
