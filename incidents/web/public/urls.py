"""Public addresses that Django answers: subscriptions and health; all else is in the public tree."""

from __future__ import annotations

from django.urls import path

from incidents.web.public import health, policy_reports, views

app_name = "public"
urlpatterns = [
    path("subscribe", views.subscribe, name="subscribe"),
    path("confirm/<str:token>", views.confirm, name="confirm"),
    path("subscriptions/<str:token>", views.subscription, name="subscription"),
    path("unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("csp-reports", policy_reports.receive, name="csp-reports"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
