"""Providers that the page depends on, and what they said last."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.db import models

from incidents.domain.status import Level
from incidents.domain.upstream import is_trouble, is_unknown
from incidents.models.component import Component


class Upstream(models.Model):
    """One provider. `level`, `words` and `incidents` are what they said at `ok_at`, not what is known now."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=20)
    url = models.CharField(max_length=2048)
    position = models.PositiveIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    is_proposing = models.BooleanField(default=False, help_text="Their trouble proposes an incident of ours.")
    component = models.ForeignKey(
        Component, null=True, on_delete=models.PROTECT, related_name="+", help_text="For which it is proposed."
    )
    disabled_reason = models.CharField(max_length=300, blank=True, help_text="Why it is asked no more, by itself.")
    created_at = models.DateTimeField()

    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=300, blank=True)
    seen = models.JSONField(default=dict, help_text="Entries of a feed without a date, and when each was first there.")
    checked_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True, help_text="When they last answered with something that could be read.")
    changed_at = models.DateTimeField(null=True, help_text="When they last said something else.")
    next_check_at = models.DateTimeField(null=True, help_text="Null: not asked.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    fault = models.CharField(max_length=300, blank=True, help_text="Of the last check.")

    level = models.CharField(max_length=30, blank=True, help_text="Empty where they do not say.")
    words = models.CharField(max_length=200, blank=True)
    incidents = models.JSONField(default=list, help_text="name, url, since (ISO text or null) of each.")
    troubled_at = models.DateTimeField(null=True, help_text="Since when they report trouble, as first read.")
    proposed_at = models.DateTimeField(null=True, help_text="The trouble for which an incident was proposed.")

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["next_check_at"], name="upstream_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def said_level(self) -> Level | None:
        """The level that they gave last, if they give one."""
        return Level(self.level) if self.level else None

    @property
    def is_troubled(self) -> bool:
        """Whether they reported trouble when last read."""
        return is_trouble(self.said_level, self.incidents)

    @property
    def site(self) -> str:
        """The address to which readers are sent: the front of the site that is asked."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def is_unknown(self, now: datetime) -> bool:
        """Whether what they said last is too old to be shown at `now` (UTC)."""
        return bool(self.disabled_reason) or is_unknown(self.ok_at, self.failures, now)
