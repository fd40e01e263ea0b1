"""Figures of reviews: the arithmetic of known incidents, what is not known, and the placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.actions import incident as incident_actions
from incidents.domain.review import Role
from incidents.models import Component, Incident, MilestoneStatement, Region, Review
from incidents.reviewing.figures import Figure, figures_of, fill, placeholders, unknown_placeholders
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc
from tests.reviewing.review_world import WRITTEN, add_change, make_review

pytestmark = pytest.mark.django_db


def stated(incident: Incident, **milestones: str) -> Incident:
    """The incident with what people know of its milestones."""
    for name, at in milestones.items():
        MilestoneStatement.objects.create(
            incident=incident,
            milestone=name,
            at=utc(at),
            reason="From the alert.",
            actor_label="maria",
            stated_at=WRITTEN,
        )
    return incident


def trouble(start: str, first_post: str, end: str, component: Component | None = None) -> Incident:
    """An incident from the start of its impact to its resolution."""
    incident = open_incident(component or make_component(), started_at=utc(start), now=utc(first_post))
    post_update(incident, "resolved", now=utc(end))
    return incident


def minutes(review: Review) -> dict[str, float]:
    """The lengths that are known, in minutes."""
    return {row.name: row.seconds / 60 for row in figures_of(review) if row.seconds is not None}


def named(review: Review, name: str) -> Figure:
    return next(row for row in figures_of(review) if row.name == name)


def test_a_push_that_reached_everything_at_once():
    """T1: a policy with blank fields was replicated everywhere; the red button ended it for most."""
    incident = trouble("2025-06-12 17:49", "2025-06-12 18:46", "2025-06-13 01:18")
    review = make_review(incident)
    add_change(review, Role.LATENT_DEFECT, code="bin", started_at=utc("2025-05-29 00:00"), precision="day")
    add_change(review, Role.TRIGGER, code="pol", started_at=utc("2025-06-12 17:45"), certainty="estimated")
    found = minutes(review)
    assert found["change_to_impact"] == 4
    assert found["incident_duration"] == found["time_to_resolve"] == 449
    assert named(review, "latent_period").text == "14 days"
    assert named(review, "latent_period").is_approximate


def test_a_feature_file_that_outgrew_its_limit():
    """T2: detection and identification are counted from each other and from the impact."""
    incident = stated(
        trouble("2025-11-18 11:28", "2025-11-18 11:48", "2025-11-18 17:06"),
        detected="2025-11-18 11:31", acknowledged="2025-11-18 11:32", identified="2025-11-18 13:37",
    )  # fmt: skip
    review = make_review(incident)
    add_change(review, Role.TRIGGER, code="perm", started_at=utc("2025-11-18 11:05"))
    add_change(
        review,
        Role.EFFECTIVE_MITIGATION,
        code="file",
        started_at=utc("2025-11-18 14:24"),
        completed_at=utc("2025-11-18 14:30"),
    )
    found = minutes(review)
    assert found["change_to_impact"] == 23
    assert found["time_to_detect"] == 3
    assert found["time_to_acknowledge_from_detection"] == 1
    assert (found["time_to_identify"], found["time_to_identify_from_impact"]) == (126, 129)
    assert found["time_to_mitigate"] == 182
    assert found["time_to_resolve"] == 338


@pytest.mark.parametrize(("start", "expected"), [("15:45", (19, 33, 500)), ("15:41", (23, 37, 504))])
def test_a_start_that_was_corrected_moves_every_figure(start, expected):
    """T5: the preliminary review began at 15:45, the final one at 15:41."""
    incident = stated(
        trouble(f"2025-10-29 {start}", "2025-10-29 16:18", "2025-10-30 00:05"), detected="2025-10-29 16:04"
    )
    found = minutes(make_review(incident))
    assert (found["time_to_detect"], found["time_to_acknowledge"], found["time_to_resolve"]) == expected


def test_a_defect_that_waited_for_a_valid_configuration():
    """T6."""
    incident = stated(
        trouble("2021-06-08 09:47", "2021-06-08 09:58", "2021-06-08 12:44"),
        detected="2021-06-08 09:48", identified="2021-06-08 10:27", first_recovery="2021-06-08 10:36",
    )  # fmt: skip
    review = make_review(incident)
    add_change(review, Role.LATENT_DEFECT, code="rel", started_at=utc("2021-05-12 00:00"), precision="day")
    add_change(review, Role.EFFECTIVE_MITIGATION, code="off", completed_at=utc("2021-06-08 12:35"))
    add_change(review, Role.PERMANENT_FIX, code="fix", started_at=utc("2021-06-08 17:25"))
    found = minutes(review)
    assert (found["time_to_detect"], found["time_to_acknowledge"], found["time_to_identify"]) == (1, 11, 39)
    assert (found["time_to_mitigate"], found["permanent_fix"]) == (168, 458)
    assert named(review, "latent_period").text == "27 days"


def test_a_change_is_exposed_until_it_is_taken_back_whatever_the_impact():
    """T7."""
    incident = open_incident(make_component(), started_at=utc("2024-07-19 04:09"), now=utc("2024-07-19 05:00"))
    review = make_review(incident)
    add_change(review, Role.TRIGGER, started_at=utc("2024-07-19 04:09"), rollback_completed_at=utc("2024-07-19 05:27"))
    found = minutes(review)
    assert found["exposure_window"] == 78
    assert "time_to_resolve" not in found
    assert "incident_duration" not in found


def test_an_alert_before_the_impact_is_told_as_that():
    incident = stated(trouble("2026-06-23 10:00", "2026-06-23 10:05", "2026-06-23 11:00"), detected="2026-06-23 09:57")
    figure = named(make_review(incident), "time_to_detect")
    assert (figure.seconds, figure.text) == (-180, "3 min before the impact")


@pytest.mark.parametrize(
    ("precision", "started", "text"),
    [
        ("minute", "2026-06-23 09:30", "30 min"),
        ("quarter_hour", "2026-06-23 09:30", "15 min to 30 min"),
        ("hour", "2026-06-23 08:00", "1 h to 2 h"),
        ("hour", "2026-06-23 10:00", "at most 1 h"),
        ("day", "2026-06-23 00:00", "on the same day"),
        ("day", "2026-06-20 00:00", "3 days"),
        ("month", "2026-05-01 00:00", "about 53 days"),
    ],
)
def test_a_time_that_is_known_coarsely_gives_no_exact_length(precision, started, text):
    review = make_review(trouble("2026-06-23 10:00", "2026-06-23 10:05", "2026-06-23 11:00"))
    add_change(review, Role.TRIGGER, started_at=utc(started), precision=precision)
    figure = named(review, "change_to_impact")
    assert figure.text == text
    assert figure.is_approximate == (precision != "minute")


def test_downtime_counts_each_instant_once_and_each_region_by_itself():
    one, two = make_region("one"), make_region("two")
    api = make_component("API", region_ids=[one.pk, two.pk])
    incident = incident_actions.open_incident(
        actor=MARIA, title="Errors", body="Looking.", started_at=utc("2026-06-23 10:00"), now=utc("2026-06-23 10:00"),
        components=[change(api, region_ids=(one.pk,))],
    )  # fmt: skip
    post_update(incident, components=[change(api, "partial_outage", region_ids=(two.pk,))], now=utc("2026-06-23 10:30"))
    post_update(incident, "resolved", now=utc("2026-06-23 11:00"))
    found = minutes(make_review(incident))
    assert (found["downtime:api"], found["downtime:api:one"], found["downtime:api:two"]) == (60, 60, 30)
    assert Region.objects.count() == 2


def test_what_was_served_but_wrong_is_no_downtime():
    api = make_component("API")
    incident = incident_actions.open_incident(
        actor=MARIA, title="Wrong answers", body="Looking.", now=utc("2026-06-23 10:00"),
        components=[change(api, "partial_outage", is_quality=True)],
    )  # fmt: skip
    post_update(incident, "resolved", now=utc("2026-06-23 11:00"))
    found = minutes(make_review(incident))
    assert "downtime:api" not in found
    assert found["incident_duration"] == 60


@pytest.fixture
def figures() -> tuple[Figure, ...]:
    """Of an incident of an hour and a half, of which nobody knows when it was detected."""
    return figures_of(make_review(trouble("2026-06-23 10:00", "2026-06-23 10:05", "2026-06-23 11:30")))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{time_to_resolve}}", "1 h 30 min (90 min)"),
        ("{{ time_to_resolve.minutes }} minutes", "90 minutes"),
        ("{{time_to_resolve.hours}} h, {{time_to_resolve.seconds}} s", "1.5 h, 5400 s"),
        ("{{impact_started}}", "2026-06-23 10:00 UTC"),
        ("{{resolved.time}} on {{resolved.date}}", "11:30 UTC on 2026-06-23"),
        ("{{component_count}} component, {{update_count}} updates", "1 component, 2 updates"),
        ("{{time_to_detect}}, {{detected.time}}", "not known, not known"),
        (
            "{{time_to_guess}} {{resolved.minutes}} {{}} {{ }} {x} {{a b}}",
            "{{time_to_guess}} {{resolved.minutes}} {{}} {{ }} {x} {{a b}}",
        ),
        ("`{{time_to_resolve}}` and **{{time_to_resolve}}**", "`1 h 30 min (90 min)` and **1 h 30 min (90 min)**"),
    ],
)
def test_a_placeholder_prints_the_figure(figures, text, printed):
    assert fill(text, figures) == printed


def test_names_that_there_are_not_are_listed_once(figures):
    text = "{{time_to_resolve}} {{time_to_guess}} {{time_to_guess}} {{resolved.minutes}}"
    assert unknown_placeholders(text, figures) == ["time_to_guess", "resolved.minutes"]


def test_the_author_sees_every_name_with_its_value(figures):
    shown: dict[str, Any] = {row.name: row.value for row in placeholders(figures)}
    assert shown["time_to_resolve"] == "1 h 30 min (90 min)"
    assert shown["detected"] == "not known"
    assert all(fill(f"{{{{{name}}}}}", figures) == value for name, value in shown.items())


def test_the_plain_name_is_that_of_the_first_incident():
    first = trouble("2026-06-23 10:00", "2026-06-23 10:05", "2026-06-23 11:30")
    second = trouble("2026-06-23 12:00", "2026-06-23 12:05", "2026-06-23 12:30", make_component("Web"))
    found = minutes(make_review(second, first))
    assert found["time_to_resolve"] == found[f"time_to_resolve#{first.code}"] == 90
    assert found[f"time_to_resolve#{second.code}"] == 30
