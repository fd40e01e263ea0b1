"""The channels by their key.

To add one: a module here with a class that fulfils `notifying.protocol.Channel`, one line in REGISTRY, templates under
`templates/notifications/<key>/`, and a test; the contract test in `tests/notifying/test_channels.py` runs over it by
itself. Subscribers and deliveries store the key, so there is no migration.
"""

from __future__ import annotations

from incidents.notifying.channels.account import AccountChannel
from incidents.notifying.channels.email import EmailChannel
from incidents.notifying.protocol import Channel

REGISTRY: dict[str, Channel] = {channel.key: channel for channel in (EmailChannel(), AccountChannel())}
