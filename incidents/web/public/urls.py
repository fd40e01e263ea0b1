"""Public addresses that Django answers: subscriptions and health; all else is in the public tree."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "public"
urlpatterns: list[URLPattern] = []
