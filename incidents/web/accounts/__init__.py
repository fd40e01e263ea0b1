"""Who is asking, proved: sign-in, second factors, single sign-on, sessions. django-allauth does the protocols; the
pauses, the pages, the limits and the log are ours."""

from __future__ import annotations
