"""What a program keeps with an incident for its own use. It is never public, and says nothing of the incident."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.models import Incident

LONGEST = 20_000


def keep_metadata(
    *, actor: Actor, incident_id: int, metadata: Mapping[str, Any], now: datetime | None = None
) -> Incident:
    """Put this in the place of what was kept. Raises Refused for more than 20,000 characters of JSON."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        incident = guards.lock_incident(incident_id, None)
        if len(json.dumps(metadata)) > LONGEST:
            raise Refused(_("The metadata are too long: at most 20,000 characters are kept."), "metadata")
        if incident.metadata != metadata:
            before, incident.metadata = incident.metadata, dict(metadata)
            incident.save(update_fields=["metadata"])
            record(
                actor=actor, verb=Verb.INCIDENT_EDITED, subject=incident, now=now, incident=incident,
                changes={"metadata": [before, incident.metadata]},
            )  # fmt: skip
    return incident
