"""Who is there. Not in the audit log: it says what somebody looks at, not what they did, and is over in seconds."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.presence import SEEN_FOR
from incidents.models import Preference, Presence


def be_present(*, actor: Actor, incident_id: int, is_typing: bool, now: datetime | None = None) -> None:
    """Note that somebody has this incident in front of them, and whether they typed since the last time. What others
    left behind long ago goes. Raises Refused for an actor without an account."""
    now = now or timezone.now()
    if actor.user_id is None:
        raise Refused(_("Only people are present."))
    typed = {"typed_at": now} if is_typing else {}
    with transaction.atomic(durable=True):
        Presence.objects.update_or_create(
            user_id=actor.user_id, incident_id=incident_id, defaults={"seen_at": now, **typed}
        )
        Presence.objects.filter(seen_at__lt=now - 60 * SEEN_FOR).delete()


def set_single_keys(*, actor: Actor, has_single_keys: bool) -> None:
    """Let keys act without Ctrl or Alt for this person, or not. Raises Refused for an actor without an account."""
    if actor.user_id is None:
        raise Refused(_("Only people have keys."))
    with transaction.atomic(durable=True):
        Preference.objects.update_or_create(user_id=actor.user_id, defaults={"has_single_keys": has_single_keys})
