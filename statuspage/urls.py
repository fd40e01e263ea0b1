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
handler400 = "incidents.web.fault.bad_request"
handler403 = "incidents.web.fault.forbidden"
handler404 = "incidents.web.fault.not_found"
handler500 = "incidents.web.fault.server_error"
