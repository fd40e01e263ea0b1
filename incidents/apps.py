"""The application's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """One app for the whole domain."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have what django-allauth does written into the log."""
        from incidents.web.accounts import noted

        noted.listen()
