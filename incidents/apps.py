"""The application's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """One app for the whole domain."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and have what django-allauth does written into the log."""
        from incidents import checks  # noqa: F401, PLC0415 - registers itself, once Django is set up
        from incidents.web.accounts import noted  # noqa: PLC0415 - as above

        noted.listen()
