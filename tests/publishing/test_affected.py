"""*Was I affected?*: the browser's sums are those of `domain.intervals`, and what nobody knows is never called no."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from incidents.domain.impact import ComponentChange
from incidents.domain.instants import in_full
from incidents.domain.intervals import Span, worst_by_instant
from incidents.domain.status import HEAVINESS, Level, worst_of
from incidents.publishing import affected, csp, snapshot
from tests.factories import make_component, make_region, open_incident, post_update, utc
from tests.looking import violations
from tests.publishing.page_world import text_of
from tests.publishing.reader_world import DESK, SecureSite, every_page, settled, two_troubles
from tests.publishing.test_look import PHONE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
REGIONS = ("us", "eu")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago")
# Days on which the clocks of one of them change, and one on which none does.
DAYS = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 6, 23))
LEVELS = [level for level in Level if level != Level.OPERATIONAL]


def micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def a_ledger(dice: random.Random, around: datetime, zone: str) -> dict[str, Any]:
    """Two groups' worth of components and up to fourteen intervals within two days of an instant."""
    components: list[dict[str, Any]] = [
        {"code": "g", "slug": "g", "name": "G", "group": None, "is_group": True, "regions": []}
    ]
    for code in "abcd":
        first = around.date() + timedelta(days=dice.choice((-400, -400, -400, -1, 0, 1)))
        components.append({
            "code": code, "slug": f"c-{code}", "name": code.upper(), "group": "g" if code in "ab" else None,
            "is_group": False, "regions": dice.choice(([], list(REGIONS), ["us"])),
            "first_day": None if dice.random() < 0.05 else first.isoformat(),
        })  # fmt: skip
    rows = [_a_row(dice, around, number) for number in range(dice.randrange(15))]
    kept = dice.randrange(len(rows) + 1)
    return {
        "page": {"time_zone": zone},
        "components": components,
        "intervals": rows[:kept],
        # What was corrected stands beside them in the ledger, and must not count.
        "superseded": rows[kept:],
    }


def _a_row(dice: random.Random, around: datetime, number: int) -> dict[str, Any]:
    start = around + timedelta(seconds=dice.randrange(-180_000, 180_000), microseconds=dice.choice((0, 0, 250_001)))
    end = start + timedelta(seconds=dice.choice((0, 1, 59, 3600, 100_000)), microseconds=dice.choice((0, 999_999)))
    return {
        "id": number, "component": {"code": dice.choice("abcd")}, "region": dice.choice((None, None, *REGIONS)),
        "level": dice.choice(LEVELS).value, "is_quality": dice.random() < 0.2,
        "started_at": in_full(start), "ended_at": None if dice.random() < 0.15 else in_full(end),
    }  # fmt: skip


def a_case(dice: random.Random) -> dict[str, Any]:
    """A ledger, a question in local times of a zone, and up to when the record is known."""
    zone, day = dice.choice(ZONES), dice.choice(DAYS)
    around = midnight(day, zone) + timedelta(hours=12)
    local = datetime.combine(day, time.min) + timedelta(minutes=dice.randrange(-1440, 1440))
    until = local + timedelta(seconds=dice.choice((1, 3600, 86_400, 90_000)))
    as_of = around + timedelta(seconds=dice.choice((-86_400, 0, 7_200, 200_000)), microseconds=dice.choice((0, 5)))
    return {
        "ledger": a_ledger(dice, around, dice.choice(ZONES)),
        "zone": zone,
        "from": local.isoformat(timespec="seconds"),
        "to": None if dice.random() < 0.2 else until.isoformat(timespec="seconds"),
        "slugs": dice.choice(([], ["g"], ["c-a"], ["c-b", "c-c"], ["g", "c-d"])),
        "region": dice.choice(("", "", *REGIONS)),
        "asOf": micros(as_of),
        "now": micros(as_of + timedelta(seconds=dice.choice((0, 5, 120, 121, 4000)))),
    }


def reckoned(case: dict[str, Any]) -> dict[str, Any]:
    """The same answer by the rules of the domain."""
    ledger, region = case["ledger"], case["region"]
    as_of, now = (EPOCH + case[name] * MICROSECOND for name in ("asOf", "now"))
    zone = ZoneInfo(case["zone"])
    start = datetime.fromisoformat(case["from"]).replace(tzinfo=zone).astimezone(UTC)
    is_stale = now - as_of > timedelta(seconds=120)
    if case["to"] is not None:
        until = datetime.fromisoformat(case["to"]).replace(tzinfo=zone).astimezone(UTC)
    else:
        until = max(now if is_stale else as_of, start)
    end = min(until, as_of)
    chosen = [row for row in ledger["components"] if not row["is_group"]]
    if case["slugs"]:
        chosen = [row for row in chosen if {row["slug"], row["group"]} & set(case["slugs"])]
    here = [row for row in chosen if not region or not row["regions"] or region in row["regions"]]
    rows = [
        (row, datetime.fromisoformat(row["started_at"]), row["ended_at"] and datetime.fromisoformat(row["ended_at"]))
        for row in ledger["intervals"]
        if row["component"]["code"] in {leaf["code"] for leaf in here}
        and (not region or row["region"] in (None, region))
    ]
    window = Span(start, end) if start < end else Span(start, start)
    segments = worst_by_instant([(begun, over, Level(row["level"])) for row, begun, over in rows], as_of, window)
    overlaps = [
        (row, max(begun, start), min(over or as_of, end, as_of))
        for row, begun, over in rows
        if max(begun, start) < min(over or as_of, end, as_of)
    ]
    unborn = [leaf for leaf in here if not _begun(leaf, ledger) or _begun(leaf, ledger) > start]
    blank = [leaf for leaf in unborn if not _begun(leaf, ledger) or _begun(leaf, ledger) >= end]
    trouble = [row for row in segments if row.level != Level.UNDER_MAINTENANCE]
    is_blank = end <= start or (bool(here) and len(blank) == len(here))
    if not here:
        verdict = "absent"
    elif trouble:
        verdict = "yes"
    elif is_blank:
        verdict = "unknown"
    elif segments:
        verdict = "maintenance"
    else:
        verdict = "partly" if unborn or until > as_of else "no"
    return {
        "verdict": verdict,
        "worst": worst_of(row.level for row in segments).value if segments else "operational",
        "seconds": float(sum(row.seconds for row in trouble)),
        "segments": [[micros(row.start), micros(row.end), row.level.value] for row in segments],
        "overlaps": [[row["id"], micros(begun), micros(over), row["is_quality"]] for row, begun, over in overlaps],
        "isGoing": not is_stale and any(
            over == as_of and row["level"] != "under_maintenance"
            and (not row["ended_at"] or datetime.fromisoformat(row["ended_at"]) > as_of)
            for row, _begun_at, over in overlaps
        ),
        "gaps": len(unborn),
    }  # fmt: skip


def _begun(leaf: dict[str, Any], ledger: dict[str, Any]) -> datetime | None:
    return leaf["first_day"] and midnight(date.fromisoformat(leaf["first_day"]), ledger["page"]["time_zone"])


IN_THE_BROWSER = """cases => cases.map(({ ledger, zone, slugs, region, asOf, now, ...asked }) => {
    const at = text => text === null ? null : page.instant(text, zone) * 1000;
    const found = page.affected(ledger, { slugs, region, from: at(asked.from), to: at(asked.to) }, asOf, now);
    return {
        verdict: found.verdict, worst: found.worst, seconds: found.seconds, segments: found.segments,
        overlaps: found.overlaps.map(one => [one.row.id, one.start, one.end, one.row.is_quality]),
        isGoing: found.isGoing, gaps: found.gaps.length,
    };
})"""


@pytest.fixture
def tab(browser):
    """A browser with the tools loaded, on a page without anything."""
    site = SecureSite(every_page(snapshot.build(now=utc("2026-06-23 15:10"))))
    return settled(site, browser, "/affected")


def test_a_thousand_random_questions_have_the_same_answer_here_and_there(tab):
    dice = random.Random(20260623)  # noqa: S311 - the same cases in each run
    cases = [a_case(dice) for _ in range(1000)]
    answers = tab.evaluate(IN_THE_BROWSER, json.loads(json.dumps(cases)))
    for case, answer in zip(cases, answers, strict=True):
        assert answer == reckoned(case), case
    verdicts = [answer["verdict"] for answer in answers]
    assert min(verdicts.count(kind) for kind in ("yes", "no", "partly", "unknown", "maintenance", "absent")) >= 5, (
        verdicts
    )


def test_local_times_are_the_same_instants_here_and_there_when_clocks_change(tab):
    asked = [
        (zone, (datetime.combine(day, time.min) + timedelta(minutes=30 * step + 7)).isoformat(timespec="seconds"))
        for zone in ZONES
        for day in DAYS
        for step in range(48)
    ]
    found = tab.evaluate("asked => asked.map(([zone, text]) => page.instant(text, zone))", asked)
    wanted = [
        micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)) // 1000
        for zone, text in asked
    ]
    assert [row for row in zip(asked, found, wanted, strict=True) if row[1] != row[2]] == []


def test_the_weights_of_levels_are_those_of_the_domain():
    listed = re.findall(r'"(\w+)"', csp.tools().split("HEAVINESS = ")[1].split("]")[0])
    assert listed == [level.value for level in sorted(Level, key=HEAVINESS.__getitem__)]


def test_the_question_and_its_answer_are_an_address_that_can_be_shared(browser):
    _leaves, site = two_troubles()
    tab = settled(site, browser, "/affected", viewport=DESK, timezone_id="America/New_York")
    assert site.asked == ["/affected", affected.tools().path]
    tab.get_by_role("checkbox", name="Claude.ai", exact=True).check()
    tab.get_by_label("From").fill("2026-06-23T14:00:00")
    tab.get_by_role("button", name="Was I affected?").click()
    verdict = tab.locator("#verdict")
    expect(verdict).to_have_text(
        "Yes: Claude.ai was affected for 40 min, between 23 Jun 2026, 14:30:00 UTC and 23 Jun 2026, 15:10:00 UTC. "
        "At its worst: Major outage. It is still going on."
    )
    row = tab.locator("#answer tbody tr")
    assert [cell.strip() for cell in row.locator("th, td").all_inner_texts()] == [
        "Claude.ai", "Major outage", "23 Jun 2026, 14:30:00 UTC", "still open", "40 min", "Sign-in fails",
    ]  # fmt: skip
    assert re.fullmatch(r"/incidents/[a-z0-9]{12}", row.get_by_role("link").get_attribute("href") or "")
    assert tab.url.endswith("/affected#only=claude-ai&from=2026-06-23T14:00:00Z")
    expect(tab.locator("#fresh")).to_have_text("Computed from the record as it was at 23 Jun 2026, 15:10:00 UTC.")
    other = settled(site, browser, tab.url.removeprefix(site.origin), timezone_id="America/New_York")
    expect(other.locator("#verdict")).to_have_text(verdict.inner_text())
    other.locator("form select").last.select_option("here")
    expect(other.get_by_label("From")).to_have_value("2026-06-23T10:00")
    expect(other.locator("#verdict")).to_contain_text("between 23 Jun 2026, 10:30:00 and 23 Jun 2026, 11:10:00.")
    assert site.complaints == []


def test_what_is_not_known_is_never_called_no(browser):
    make_component("Web", start_date=date(2026, 6, 23), now=utc("2026-06-23 00:00"))
    site = SecureSite(every_page(snapshot.build(now=utc("2026-06-23 15:10"))))
    asked = "/affected#only=web&from={}&to={}"
    for start, end, said, note in (
        ("2026-06-23T01:00:00Z", "2026-06-23T02:00:00Z", "No: no trouble of Web is on record", None),
        ("2026-06-22T01:00:00Z", "2026-06-22T02:00:00Z", "Nobody can say: there is no data on Web", "before 23 Jun"),
        ("2026-06-22T01:00:00Z", "2026-06-23T02:00:00Z", "No trouble of Web is on record for the part", "before 23"),
        ("2026-06-23T15:00:00Z", "2026-06-23T16:00:00Z", "No trouble of Web is on record for the part", "after 23 Jun"),
        ("2026-06-24T15:00:00Z", "2026-06-24T16:00:00Z", "Nobody can say", "Nothing is known after"),
    ):
        tab = settled(site, browser, asked.format(start, end))
        expect(tab.locator("#verdict")).to_contain_text(said)
        expect(tab.locator("#notes li")).to_contain_text([note] if note else [])
        tab.context.close()
    tab = settled(site, browser, "/affected")
    site.as_of = "14:00:00"
    tab.get_by_role("button", name="Last hour").click()
    expect(tab.locator("#verdict")).to_contain_text("Nobody can say")
    site.is_down = True
    tab.get_by_role("button", name="Last hour").click()
    expect(tab.locator("#verdict")).to_have_text("The ledger could not be read. Try again.")


def test_an_end_before_the_start_is_refused(browser):
    _leaves, site = two_troubles()
    tab = settled(site, browser, "/affected")
    tab.get_by_label("From").fill("2026-06-23T14:00:00")
    tab.get_by_label("To", exact=True).fill("2026-06-23T13:00:00")
    tab.get_by_role("button", name="Was I affected?").click()
    assert (
        tab.get_by_label("To", exact=True).evaluate("el => el.validationMessage") == "The end must be after the start."
    )
    assert not tab.locator("#answer").is_visible()


def test_a_region_counts_its_own_intervals_and_those_of_all(browser):
    eu, us = make_region("eu", name="Europe"), make_region("us", name="America")
    web = make_component("Web", region_ids=[eu.pk, us.pk], start_date=date(2026, 1, 1), now=utc("2026-01-01 00:00"))
    incident = open_incident(
        components=[ComponentChange(web.pk, Level.PARTIAL_OUTAGE, region_ids=(eu.pk,))],
        started_at=utc("2026-06-23 10:00"), now=utc("2026-06-23 10:05"),
    )  # fmt: skip
    post_update(incident, "resolved", now=utc("2026-06-23 11:00"))
    site = SecureSite(every_page(snapshot.build(now=utc("2026-06-23 15:10"))))
    for region, said in (("", "Yes: Web was affected for 1 h"), ("eu", "Yes: Web"), ("us", "No: no trouble of Web")):
        tab = settled(
            site, browser, f"/affected#only=web&region={region}&from=2026-06-23T09:00:00Z&to=2026-06-23T12:00:00Z"
        )
        expect(tab.locator("#verdict")).to_contain_text(said)
        if said.startswith("Yes"):
            expect(tab.locator("#verdict")).to_contain_text("It is over.")
        tab.context.close()


def test_without_script_the_page_says_how_to_read_the_ledger(browser):
    _leaves, site = two_troubles()
    tab = site.open(browser, "/affected", java_script_enabled=False)
    assert tab.get_by_text("This needs JavaScript.").is_visible()
    assert not tab.get_by_role("button", name="Was I affected?").is_visible()
    assert tab.get_by_role("link", name="JSON", exact=True).first.get_attribute("href") == "/uptime/ledger.json"
    assert "one without an end is still open" in text_of(site.pages["/affected"])


def test_axe_finds_nothing_while_the_tools_are_used(browser):
    _leaves, site = two_troubles()
    tab = settled(site, browser, "/affected#from=2026-06-23T14:00:00Z", viewport=PHONE)
    expect(tab.locator("#verdict")).to_contain_text("Yes")
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(tab, RULES) == []
    tab.context.close()
    tab = settled(site, browser, "/#only=claude-ai", viewport=PHONE)
    tab.get_by_role("button", name="Change").click()
    expect(tab.get_by_role("checkbox", name="Claude.ai", exact=True)).to_be_focused()
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(tab, RULES) == []
