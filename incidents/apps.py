"""The application's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IncidentsConfig(AppConfig):
    """One app for the whole domain."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, have what django-allauth does written into the log, and have the database keep
        the log as it was written, from every migration on."""
        from incidents import checks  # noqa: F401, PLC0415 - registers itself, once Django is set up
        from incidents.chain import lasting  # noqa: PLC0415 - as above
        from incidents.web.accounts import noted  # noqa: PLC0415 - as above

        noted.listen()
        post_migrate.connect(lasting.make_lasting, sender=self, dispatch_uid="the log is append-only")
