"""For those who run it: whether the process lives, and whether it can work. No secrets, no error texts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from incidents.models import ChannelPause, Delivery, OutboxEvent
from incidents.publishing.store import the_tree
from incidents.queries import the_page


@require_safe
@never_cache
def alive(_request: HttpRequest) -> JsonResponse:
    """200 while the process answers; the database is not asked."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    """200 with the figures when database and tables are as they should be, else 503. Ages in seconds, null for none."""
    now = timezone.now()
    figures: dict[str, Any] = {
        "database": False,
        "migrated": False,
        "heartbeat_age_seconds": _age(the_tree().heartbeat_at(), now),
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        figures["database"] = True
        executor = MigrationExecutor(connection)
        figures["migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        if figures["migrated"]:
            figures |= _waiting(now)
    except DatabaseError:
        figures["database"] = False
    is_ready = figures["database"] and figures["migrated"]
    return JsonResponse({"ready": is_ready, **figures}, status=200 if is_ready else 503)


def _waiting(now: datetime) -> dict[str, Any]:
    due = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=now).order_by("due_at").first()
    event = OutboxEvent.objects.filter(relayed_at__isnull=True).order_by("created_at").first()
    return {
        "oldest_due_delivery_age_seconds": _age(due.due_at if due else None, now),
        "oldest_waiting_event_age_seconds": _age(event.created_at if event else None, now),
        "is_sending_held": the_page().is_sending_held,
        "paused_channels": list(ChannelPause.objects.values_list("channel", flat=True)),
    }


def _age(moment: datetime | None, now: datetime) -> int | None:
    return max(0, int((now - moment).total_seconds())) if moment else None
