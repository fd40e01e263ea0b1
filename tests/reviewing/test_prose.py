"""Figures that a person wrote into a text, against what the record says."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest

from incidents.domain.review import Role
from incidents.management.demo import story
from incidents.models import Incident
from incidents.reviewing.prose import Moment, Record, disagreements, record_of
from tests.factories import utc
from tests.reviewing.review_world import add_change, add_entry, make_review

GROUPS = json.loads((Path(__file__).parents[1] / "data" / "bad_inputs.json").read_text())["groups"]
CASES = [case for row in GROUPS if row["group"] in ("markdown", "text_unicode_xml") for case in row["cases"]]
JUNE = Record(
    lengths=((13500, "Time to resolve"), (1320, "Time to acknowledge"), (11700, "Time to first recovery"),
             (12960, "allowed"), (14 * 86400 + 3600, "Latent period")),
    moments=(
        Moment(utc("2026-06-23 14:30"), "Trouble began"), Moment(utc("2026-06-23 14:52"), "Acknowledged"),
        Moment(utc("2026-06-23 17:45"), "First recovery"), Moment(utc("2026-06-23 18:15"), "Resolved"),
    ),
    uptimes=(Decimal("99.5"), Decimal("99.479"), Decimal("99.530")),
    counts={"component": frozenset({7}), "region": frozenset({2}), "update": frozenset({5})},
)  # fmt: skip
AGREES = [
    "It took 3 h 45 min.",
    "It took 3h45m, or 225 minutes.",
    "It took 3:45 h.",
    "It took 3.75 hours, three hours and 45 minutes.",
    "It lasted 226 minutes by the clock on the wall.",
    "A 225-minute outage.",
    "It lasted nearly four hours.",
    "It lasted more than three hours and less than four hours.",
    "It lasted about three and a half hours.",
    "Between 3 and 4 hours, that is 3 to 4 hours.",
    "The first word came twenty-two minutes after the impact.",
    "The defect lay there for 14 days.",
    "It began at 14:30 UTC and ended at 18:15.",
    "From 14:30 to 18:15 UTC on 23 June 2026.",
    "At 07:30 PDT, 10:30 a.m. EDT, 16:30 CEST, 20:00 IST (UTC+5:30 says the same), 14:30Z.",
    "Between 07:30–11:15 PDT.",
    "At 2:30 pm UTC.",
    "At 2026-06-23T14:30:00Z; at 2026-06-23 14:52 UTC; on June 23, 2026 at 17:45.",
    "At about 14:40 people wrote to us.",
    "June came to 99.479 %, or 99.47% or 99,4 percent, of a target of 99.5%.",
    "216 minutes are allowed.",
    "All seven components in both regions; 7 components; five public updates; two affected regions.",
    "One region after another.",
    "Claude 4 and Opus 4.5, v1.14:2, at 10.0.0.1:80, ratio 1:1, 24/7, 2026-06-23, 23 June.",
    "The code `sleep 17 minutes` and ``12:34``.",
    "```\nretry after 12:34 for 9 hours\n```",
    "> We were down for 9 hours, since 12:34.",
    "See https://example.org/at/12:34/9-hours and [here](https://example.org/?t=12:34).",
    "A customer wrote “it was 9 hours, with 50.5% uptime”.",
    "It printed \"12:34\".",
    "We check every five minutes, with a timeout of 30 minutes and a 10-minute window.",
    "A review within five business days; a fix within 30 days; logs of the last 90 days.",
    "It took {{time_to_resolve.minutes}} minutes.",
    "Requests took 30 seconds.",
    "In the worst hour 16 % of requests failed.",
    "",
]  # fmt: skip
DISAGREES = [
    ("It took 3 h 50 min.", "3 h 50 min", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("It took 230 minutes.", "230 minutes", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("It lasted four hours.", "four hours", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("It lasted nearly five hours.", "five hours", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("It lasted 3:50 h.", "3:50 h", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("A 30-minute outage.", "30-minute", "length", "22 min (Time to acknowledge)"),
    ("Twenty minutes later.", "Twenty minutes", "length", "22 min (Time to acknowledge)"),
    ("5 to 6 hours.", "5 to 6 hours", "length", "3 h 45 min (225 min) (Time to resolve)"),
    ("Half an hour.", "Half an hour", "length", "22 min (Time to acknowledge)"),
    ("The defect lay there for three weeks.", "three weeks", "length", "14 d 1 h (Latent period)"),
    ("It began at 14:31.", "14:31", "time", "14:30 UTC (Trouble began)"),
    ("It ended at 18:15 CEST.", "18:15 CEST", "time", "14:52 UTC (Acknowledged)"),
    ("It began at 2026-06-22 14:30 UTC.", "2026-06-22 14:30 UTC", "time", "2026-06-23 14:30 UTC (Trouble began)"),
    ("It began at 2:30 am.", "2:30 am", "time", "18:15 UTC (Resolved)"),
    ("It was 14:30–18:20 UTC.", "18:20 UTC", "time", "18:15 UTC (Resolved)"),
    ("June came to 99.48 %.", "99.48 %", "percentage", "99.479 %"),
    ("Our uptime was 98% in June.", "98%", "percentage", "99.479 %"),
    ("Six components failed.", "Six components", "count", "7"),
    ("All three regions.", "three regions", "count", "2"),
    ("Only one region was hit.", "one region", "count", "2"),
    ("We posted 4 updates.", "4 updates", "count", "5"),
]


@pytest.mark.parametrize("text", AGREES)
def test_what_the_record_bears_out_or_knows_nothing_of_is_left_alone(text):
    assert disagreements(text, JUNE) == ()


@pytest.mark.parametrize(("text", "literal", "kind", "nearest"), DISAGREES)
def test_what_it_does_not_bear_out_is_named_with_the_nearest_that_it_does(text, literal, kind, nearest):
    (found,) = disagreements(text, JUNE)
    assert (found.literal, found.kind, found.nearest) == (literal, kind, nearest)
    assert f"“{literal}”" in found.sentence
    assert nearest in found.sentence


def test_a_minute_is_too_much_for_a_clock_time_and_not_for_a_length():
    moments = (Moment(utc("2025-11-18 11:28"), "x"), Moment(utc("2025-11-18 13:05"), "y"))
    record = Record(lengths=((338 * 60, "x"),), moments=moments)
    found = disagreements("From 11:20; bypassed at 13:04; 5 h 39 min.", record)
    assert [each.literal for each in found] == ["11:20", "13:04"]


def test_a_share_is_compared_only_where_the_record_knows_one():
    assert disagreements("16 % of requests", Record(shares=(Decimal("0.8"),)))[0].nearest == "0.8 %"
    assert disagreements("0.8 % of requests", Record(shares=(Decimal("0.8"),))) == ()
    assert disagreements("16 % of requests", Record()) == ()


def test_a_time_known_to_a_quarter_of_an_hour_bears_out_any_minute_of_it():
    record = Record(moments=(Moment(utc("2026-06-23 10:15"), "x", 900),))
    assert disagreements("At 10:15, 10:22 and 10:29.", record) == ()
    assert [each.literal for each in disagreements("At 10:13 and 10:32.", record)] == ["10:13", "10:32"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_no_text_breaks_it_or_takes_it_long(case):
    given = case["input"]
    text = given if isinstance(given, str) else str(given)
    begun = time.process_time()
    disagreements((text * (25_000 // max(len(text), 1) + 1))[:25_000], JUNE)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "piece", ["1 ", "12:30 ", "1-", "one ", "one and a half ", "1 h 2 ", "“", "`", "(", "9 % ", "~~~\n", "1, "]
)
def test_a_text_at_the_limit_is_read_in_a_blink(piece):
    begun = time.process_time()
    disagreements((piece * 25_000)[:25_000], JUNE)
    assert time.process_time() - begun < 2


def test_the_reference_incident_bears_out_what_is_told_of_it(db, monkeypatch):
    monkeypatch.setattr(story, "_invented", lambda now: iter(()))
    story.play(utc("2026-06-23 19:00"), until=utc("2026-06-23 19:00"))
    review = make_review(Incident.objects.get(title=story.scenario()["incident"]["title"]))
    add_entry(review, "2026-06-23 16:00", "Traffic was shed.")
    add_change(review, Role.TRIGGER, started_at=utc("2026-06-23 00:00"), precision="day")
    record = record_of(review)
    told = (
        "From 14:30 to 18:15 UTC, 3 h 45 min, all seven components failed in both regions. The first word came at "
        "14:52, 22 minutes after the impact; recovery began at 17:45, after 195 minutes, and took another half hour. "
        "Uptime in June was 99.479 %, against 99.5 %: 225 minutes, and 216 minutes are allowed. From the first post "
        "it is 203 minutes, 99.530 %, and 204 minutes with recovery at 0.3. At 16:00, 90 minutes in, traffic was shed."
    )
    assert disagreements(told, record) == ()
    wrong = "It began at 14:20 and lasted 4 hours; six components; uptime 99.48 %; at 00:00 the push was made."
    found = [each.literal for each in disagreements(wrong, record)]
    assert found == ["14:20", "00:00", "4 hours", "99.48 %", "six components"]
