"""The application's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IncidentsConfig(AppConfig):
    """One app for the whole domain."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the database keep the audit log as it was written, from every migration on."""
        from incidents.chain import lasting

        post_migrate.connect(lasting.make_lasting, sender=self, dispatch_uid="the log is append-only")
