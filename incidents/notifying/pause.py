"""The pause of a channel whose relay fails for everybody: no delivery loses an attempt; one message probes its end."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from incidents.models import ChannelPause
from incidents.notifying.retry import pause_seconds

log = logging.getLogger(__name__)


def standing_pause(channel_key: str) -> ChannelPause | None:
    """The channel's pause, over or not; None while all is well. One that is over asks for a probe."""
    return ChannelPause.objects.filter(channel=channel_key).first()


def begin_pause(channel_key: str, reason: str, now: datetime) -> ChannelPause:
    """Pause the channel, twice as long as the last time in a row. While it is paused already, nothing changes."""
    with transaction.atomic():
        pause, is_new = ChannelPause.objects.select_for_update().get_or_create(
            channel=channel_key, defaults={"until": now, "since": now, "reason": reason[:500]}
        )
        if is_new or pause.until <= now:
            pause.failures += 1
            pause.until = now + timedelta(seconds=pause_seconds(pause.failures))
            pause.reason = reason[:500]
            pause.save(update_fields=["failures", "until", "reason"])
            log.error("Channel %s pauses until %s: %s", channel_key, pause.until.isoformat(), reason)
    return pause


def end_pause(channel_key: str) -> None:
    """The probe went through."""
    if ChannelPause.objects.filter(channel=channel_key).delete()[0]:
        log.info("Channel %s works again.", channel_key)
