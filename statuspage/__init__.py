"""How it is wired and run; nothing about incidents."""

from __future__ import annotations

import os

# Every Django process rings the bell through the app made here. The guard is none: it runs without settings, and must
# start, and stay, without Django.
if os.environ.get("DJANGO_SETTINGS_MODULE"):
    from statuspage.celery import app as celery_app

    __all__ = ("celery_app",)
