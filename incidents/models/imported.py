"""What came from another page: which row is which thing there, and the addresses that it had."""

from __future__ import annotations

from django.db import models


class ImportedRow(models.Model):
    """A thing of another page and the row that it became. `digest`: of what it said when it was taken, to tell whether
    it says something else since. `source` names the page, whichever way it was read."""

    source = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, help_text="component, incident, update or level")
    external_id = models.CharField(max_length=300)
    subject_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "external_id"], name="imported_row_is_taken_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.external_id}"


class Redirect(models.Model):
    """An address of the former page and where on this one it leads."""

    path = models.CharField(max_length=300, unique=True)
    target = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return f"{self.path} -> {self.target}"
