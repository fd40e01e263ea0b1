"""The settings of the worker that the kill test kills: short deadlines, so that leases end within the test."""

from __future__ import annotations

from statuspage.settings import *  # noqa: F403

MAIL_DEADLINE_SECONDS = (2.0, 2.0)
