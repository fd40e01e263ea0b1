"""How long uptime takes: 1,000 components, 10,000 incidents, 90 days.   python -m tests.bench.bench_uptime

Makes a database of its own (SQLite in a temporary folder, or beside the one that DATABASE_URL names) and removes it.
Each figure is printed with its bar and with its ratio to a plain SELECT of the same rows in the same run; exit code 1
if a bar is missed or the number of queries grows.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

COMPONENTS, INCIDENTS, DAYS = 1_000, 10_000, 90
ROUNDS, UPDATES = 5, 40
FROM_LEDGER_BAR, RENEWED_BAR = 2.0, 0.050
NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"


def main() -> int:
    """Make the world, measure, print; 1 if a bar is missed."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
        os.environ.setdefault("SECRET_KEY", "for the time of this run")
        import django

        django.setup()
        from django.db import connection

        connection.creation.create_test_db(verbosity=0, serialize=False)
        try:
            few = make_world(COMPONENTS // 10, INCIDENTS // 10)
            queries_of_few = queries_in(from_table)
            make_world(COMPONENTS - few, INCIDENTS - INCIDENTS // 10)
            return report(queries_of_few)
        finally:
            connection.creation.destroy_test_db("", verbosity=0)


def make_world(components: int, incidents: int) -> int:
    """Rows as the actions would leave them, a tenth of the components in three regions, a few incidents open.

    Returns how many components it made.
    """
    from incidents.actions import days
    from incidents.models import Component, ImpactInterval, Incident, PublicPage, Region

    chance = random.Random(components)
    PublicPage.objects.update_or_create(id=1, defaults={"time_zone": ZONE, "updated_at": NOW})
    regions = [Region.objects.get_or_create(key=key, defaults={"name": key})[0] for key in ("east", "north", "west")]
    old = NOW - timedelta(days=400)
    rows = Component.objects.bulk_create(
        Component(code=f"c{components}-{n}", slug=f"c{components}-{n}", name=f"C{n}", created_at=old, updated_at=old)
        for n in range(components)
    )
    placed = rows[: components // 10]
    through = Component.regions.through
    through.objects.bulk_create(through(component=row, region=region) for row in placed for region in regions)
    held = Incident.objects.bulk_create(
        Incident(code=f"i{components}-{n}", title="Errors", stage="resolved", created_at=old, updated_at=old)
        for n in range(incidents)
    )
    in_regions = {row.pk for row in placed}
    intervals = []
    for number, incident in enumerate(held):
        start = NOW - timedelta(seconds=chance.randint(60, (DAYS + 5) * 86_400))
        end = min(start + timedelta(seconds=60 + chance.expovariate(1 / 5_400)), NOW)
        for row in chance.sample(rows, chance.choice([1, 1, 1, 2, 3])):
            level = chance.choice(["major_outage", "partial_outage", "degraded_performance", "under_maintenance"])
            place = chance.choice([None, *regions]) if row.pk in in_regions else None
            intervals.append(
                ImpactInterval(component=row, region=place, level=level, started_at=start, incident=incident,
                               ended_at=None if number % 500 == 0 else end, source="incident", recorded_at=start)
            )  # fmt: skip
    ImpactInterval.objects.bulk_create(intervals, batch_size=1_000)
    days.rebuild()
    return components


def from_ledger() -> None:
    """Read the ledger and the components, count every day, and make all figures."""
    from incidents import queries
    from incidents.counting import days

    make_figures(days.counted(queries.standing_intervals(), NOW, ZONE))


def from_table() -> None:
    """Read the table (and the ledger of what is open), and make all figures."""
    from incidents.counting import days

    make_figures(days.figures(NOW))


def make_figures(found: Any) -> None:
    """Ninety bars, percentages, regions and months of every component."""
    from incidents.domain.days import NO_DAYS
    from incidents.models import Component
    from incidents.publishing.figures import Counted, Counter

    counter = Counter(NOW, ZONE)
    for row in Component.objects.prefetch_related("regions"):
        counter.figures(row, [Counted(row, found.get(row.pk, NO_DAYS), list(row.regions.all()))])


def renewals() -> list[float]:
    """One interval after the other ends as an update would end it: the time each time until the table is right."""
    from incidents.actions import days
    from incidents.models import ImpactInterval

    found = []
    for interval in ImpactInterval.objects.exclude(ended_at=None).order_by("?")[:UPDATES]:
        interval.ended_at = (interval.ended_at or NOW) + timedelta(seconds=61)
        interval.save(update_fields=["ended_at"])
        found.append(seconds(lambda row=interval: days.renew([row.component_id], row.started_at)))  # type: ignore[misc]
    if list(days.differences()):
        raise SystemExit("The table is not as the ledger says.")
    return found


def report(queries_of_few: int) -> int:
    """Print all figures; 1 if a bar is missed."""
    from django.db import connection

    from incidents.models import ComponentDay, ImpactInterval

    rows, days = ImpactInterval.objects.count(), ComponentDay.objects.count()
    print(f"{connection.vendor}: {COMPONENTS} components, {INCIDENTS} incidents, {rows} intervals, {days} rows of days")
    ledger_plain = median(
        lambda: fetch("select component_id, started_at, ended_at, level, region_id from {}", ImpactInterval)
    )
    table_plain = median(
        lambda: fetch(
            "select component_id, region_id, day, major_us, partial_us, degraded_us, maintenance_us from {}",
            ComponentDay,
        )
    )
    whole, read = median(from_ledger), median(from_table)
    renewed = renewals()
    middle, slowest = statistics.median(renewed), max(renewed)
    many = queries_in(from_table)
    say("(a) all figures from the ledger", whole, FROM_LEDGER_BAR, whole / ledger_plain, "its rows read plainly")
    say("(b) table renewed after an update", middle, RENEWED_BAR, middle / table_plain, "the table read plainly")
    say(f"    the slowest of {UPDATES}", slowest, RENEWED_BAR, slowest / table_plain, "the table read plainly")
    say("(c) all figures from the table", read, None, read / table_plain, "its rows read plainly")
    print(f"    queries of (c): {many} with all, {queries_of_few} with a tenth")
    missed = whole > FROM_LEDGER_BAR or slowest > RENEWED_BAR or many != queries_of_few
    print("MISSED" if missed else "All bars are held.")
    return int(missed)


def say(what: str, took: float, bar: float | None, ratio: float, reference: str) -> None:
    """One line of the report."""
    told = f"bar {bar * 1000:,.0f} ms" if bar else ""
    print(f"{what:35} {took * 1000:8,.1f} ms  {told:13} {ratio:7.2f} x {reference}")


def fetch(sql: str, model: Any) -> None:
    """The reference: the rows as the driver gives them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql.format(model._meta.db_table))
        cursor.fetchall()


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median(work: Callable[[], object]) -> float:
    """The median of some rounds."""
    return statistics.median(seconds(work) for _ in range(ROUNDS))


def queries_in(work: Callable[[], object]) -> int:
    """How many queries it takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


if __name__ == "__main__":
    sys.exit(main())
