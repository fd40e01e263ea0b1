"""The doors."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    # Before the console's own, whose last address takes whatever is left.
    path("console/", include("incidents.web.accounts.urls")),
    path("console/", include("incidents.web.console.urls")),
    path("inbound/", include("incidents.web.api.inbound.urls")),
    path("", include("incidents.web.api.v1.urls")),
    path("", include("incidents.web.public.urls")),
]
handler500 = "incidents.web.fault.server_error"
