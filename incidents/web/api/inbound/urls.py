"""The one address of monitors."""

from __future__ import annotations

from django.urls import path

from incidents.web.api.inbound import views

app_name = "inbound"
urlpatterns = [path("<slug:kind>/<str:key>", views.receive, name="receive")]
