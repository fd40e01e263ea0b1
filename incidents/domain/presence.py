"""For how long somebody counts as being there."""

from __future__ import annotations

from datetime import timedelta

# The console asks every two seconds; two answers may get lost before somebody is gone.
SEEN_FOR = timedelta(seconds=7)
TYPING_FOR = timedelta(seconds=5)
ASK_EVERY_MS = 2000
