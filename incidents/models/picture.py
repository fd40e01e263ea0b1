"""Pictures, made anew from what somebody sent (domain.picture). In the database, so that a backup has them."""

from __future__ import annotations

from django.db import models


class Picture(models.Model):
    """One picture, as it is served under `/pictures/`. It never changes; another one has another code.

    `small` is the form that stands inside pages: only a logo has one.
    """

    code = models.CharField(max_length=12, unique=True, help_text="Random: no address can be guessed or counted.")
    kind = models.CharField(max_length=4, help_text="The end of its file name.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()
    small = models.BinaryField(blank=True, default=bytes)
    small_width = models.PositiveIntegerField(default=0)
    small_height = models.PositiveIntegerField(default=0)
    is_see_through = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"

    @property
    def path(self) -> str:
        """Its public address."""
        return f"/pictures/{self.code}.{self.kind}"
