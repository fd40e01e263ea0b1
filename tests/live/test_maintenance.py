"""A maintenance keeps its own time: seen on a real installation with a real worker, and after one that was stopped."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.running import ROOT, Running, running, until

pytestmark = [pytest.mark.slow, pytest.mark.alone]
STARTED = "Scheduled maintenance is currently in progress."
COMPLETED = "The scheduled maintenance has been completed."

SCHEDULE = """
from datetime import timedelta
from django.utils import timezone
from incidents.actions.maintenance import schedule_maintenance
from incidents.domain.actor import SYSTEM
from incidents.models import Component
begin = timezone.now() + timedelta(seconds={seconds})
row = schedule_maintenance(
    actor=SYSTEM, title="Upgrade", body="We upgrade.", scheduled_for=begin,
    scheduled_until=begin + timedelta(seconds={length}), is_notifying=False,
    scope=[(Component.objects.filter(is_group=False, archived_at__isnull=True).latest("id").pk, ())],
)
print("planned", row.code, begin.timestamp())
"""

REPORT = """
from incidents.models import Incident
row = Incident.objects.get(code="{code}")
held = row.intervals.get()
print(
    "stages", *row.updates.values_list("stage", flat=True),
    held.level, held.started_at == row.scheduled_for, held.ended_at == row.scheduled_until,
)
"""


def shell(site: Running, script: str) -> str:
    """What a script prints that runs beside the installation, on its data."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", script],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


def schedule(site: Running, seconds: int, length: int) -> tuple[str, float]:
    """The code of a maintenance so far ahead, and when it begins."""
    found = re.search(r"planned (\w+) ([\d.]+)", shell(site, SCHEDULE.format(seconds=seconds, length=length)))
    assert found
    return found[1], float(found[2])


def report(site: Running, code: str) -> str:
    found = re.search(r"stages (.*)", shell(site, REPORT.format(code=code)))
    assert found
    return found[1]


def seconds_until_said(site: Running, path: str, words: str, planned: float) -> float:
    """How long after the planned time the page said it."""
    until(lambda: words in site.get(path).data.decode(), max(0, planned - time.time()) + 30, words)
    return time.time() - planned


def test_a_maintenance_shows_within_five_seconds_of_its_time_and_what_a_stop_missed_is_caught_up_once(tmp_path: Path):
    with running(tmp_path) as site:
        code, begin = schedule(site, seconds=6, length=6)
        path = f"/incidents/{code}"
        until(lambda: site.get(path).status == 200, 5, "the announcement")
        assert STARTED not in site.get(path).data.decode()
        waits = [
            seconds_until_said(site, path, words, planned)
            for words, planned in ((STARTED, begin), (COMPLETED, begin + 6))
        ]
        print(f"on the page {waits[0]:.2f} s after the planned start, {waits[1]:.2f} s after the planned end")
        assert min(waits) >= 0
        assert max(waits) <= 5
        assert report(site, code) == "scheduled in_progress completed under_maintenance True True"

        site.stop()
        missed, begin = schedule(site, seconds=1, length=1)
        until(lambda: time.time() > begin + 2, 10, "the window to pass with nobody at work")
        site.lines.clear()
        site.start()
        path = f"/incidents/{missed}"
        took = until(lambda: COMPLETED in site.get(path).data.decode(), 30, "what was missed")
        print(f"caught up {took:.2f} s after the installation was ready again")
        assert took <= 15
        assert site.get(path).data.decode().count(STARTED) == 1
        assert report(site, missed) == "scheduled in_progress completed under_maintenance True True"
