"""Components, their groups and their regions."""

from __future__ import annotations

from django.db import models


class Region(models.Model):
    """A place where components run."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Component(models.Model):
    """Something that people use and that can break, or a group of such (`is_group`); its status is derived from the
    ledger.

    Archived, never deleted: history keeps its name.
    """

    code = models.CharField(max_length=12, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    group = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    is_group = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    regions = models.ManyToManyField(Region, related_name="components")
    start_date = models.DateField(null=True, help_text="Before this day there is no data.")
    is_hidden_unless_degraded = models.BooleanField(default=False)
    is_showcased = models.BooleanField(default=True, help_text="Whether its bars are shown: `showcase` of the dialect.")
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    wire = models.JSONField(
        default=dict,
        help_text="Values of the Statuspage dialect that an import kept as they were; see `publishing.statuspage_v2`.",
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_group=False) | models.Q(group__isnull=True), name="component_groups_do_not_nest"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def full_name(self) -> str:
        """`Group - Component` for a grouped one, as the Statuspage dialect prints it in updates."""
        return f"{self.group.name} - {self.name}" if self.group else self.name
