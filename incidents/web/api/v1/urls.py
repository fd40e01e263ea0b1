"""One address for Django; the table of routes knows the rest."""

from __future__ import annotations

from django.urls import re_path

from incidents.web.api.v1.door import door

app_name = "v1"
urlpatterns = [re_path(r"^v1(?:/(?P<rest>[\s\S]*))?\Z", door, name="door")]
