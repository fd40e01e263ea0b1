"""Advice to client programs: given, refused, taken back, and where the public finds it."""

from __future__ import annotations

import json

import pytest

from incidents import chain
from incidents.actions import client_advice, component, maintenance, withholding
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.models import ClientAdvice, Incident, RecordEntry
from incidents.publishing import gate, pages, snapshot
from incidents.publishing.tree import Page
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
NOON = utc("2026-06-23 12:00")


def give(incident: Incident, kind: str = "hold", **values: object) -> ClientAdvice:
    given = {"actor": MARIA, "incident_id": incident.pk, "kind": kind, "now": NOON, **values}
    return client_advice.give_advice(**given)  # type: ignore[arg-type]


def answers() -> dict[str, Page]:
    return {each.path: each.render() for each in gate.cold(snapshot.build(NOON))}


def advice_at(path: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(answers()[path].body)["advice"]
    return found


def incident_page(incident: Incident) -> str:
    paths = {each.path: each for each in pages.cold(snapshot.build(NOON))}
    return " ".join(paths[f"/incidents/{incident.code}"].render().body.decode().split())


def test_the_gate_says_what_is_advised_as_data_and_in_headers(settings):
    incident = open_incident(make_component("API"), now=NOON)
    give(incident, "retry_after", seconds=120, note="Half of the requests pass.")
    give(incident, "fail_over", target="https://eu.example.org/")
    give(incident, "discard_since", discard_since=utc("2026-06-23 11:30"))
    found = answers()
    headers = dict(found["/gate/api"].headers)
    assert headers["Retry-After"] == "120"
    assert headers["Candor-Advice"] == (
        'retry_after=120, fail_over="https://eu.example.org/", discard_since=@1782214200'
    )
    assert "Candor-Advice" in headers["Access-Control-Expose-Headers"]
    retry, over, discard = advice_at("/gate/api.json")
    assert retry == {
        "kind": "retry_after",
        "retry_after_seconds": 120,
        "fail_over_to": None,
        "discard_since": None,
        "note": "Half of the requests pass.",
        "component": None,
        "region": None,
        "given_at": "2026-06-23T12:00:00Z",
        "incident": f"{settings.SITE_URL}/incidents/{incident.code}",
    }
    assert (over["kind"], over["fail_over_to"]) == ("fail_over", "https://eu.example.org/")
    assert discard["discard_since"] == "2026-06-23T11:30:00Z"
    assert found["/gate/api"].body.count(b"\n") == 1


def test_an_answer_of_ok_may_carry_advice_but_asks_nobody_to_wait():
    give(open_incident(make_component("API"), level="degraded_performance"), "retry_after", seconds=5)
    headers = dict(answers()["/gate/api"].headers)
    assert headers["Candor-Advice"] == "retry_after=5"
    assert "Retry-After" not in headers


def test_advice_concerns_what_the_incident_touches_and_nothing_else():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    make_component("Haiku", group_id=group.pk)
    give(open_incident(opus))
    assert [len(advice_at(f"/gate/{slug}.json")) for slug in ("opus", "models", "haiku")] == [1, 1, 0]


def test_advice_on_a_group_concerns_all_of_it_and_on_a_component_only_that():
    group = make_component("Models", is_group=True)
    opus, haiku = make_component("Opus", group_id=group.pk), make_component("Haiku", group_id=group.pk)
    incident = open_incident(opus)
    give(incident, component_id=group.pk)
    give(incident, "retry_after", seconds=9, component_id=haiku.pk)
    kinds = {slug: [row["kind"] for row in advice_at(f"/gate/{slug}.json")] for slug in ("opus", "haiku", "models")}
    assert kinds == {"opus": ["hold"], "haiku": ["hold", "retry_after"], "models": ["hold", "retry_after"]}
    assert advice_at("/gate/haiku.json")[1]["component"] == "haiku"


def test_advice_for_a_region_stays_there():
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk])
    incident = open_incident(api, components=[change(api, region_ids=(west.pk,))])
    give(incident)
    assert [len(advice_at(f"/gate/{slug}.json")) for slug in ("api", "api@west", "api@east")] == [1, 1, 0]
    give(incident, "retry_after", seconds=9, region_id=east.pk, component_id=api.pk)
    assert [row["kind"] for row in advice_at("/gate/api@east.json")] == ["retry_after"]


def test_advice_ends_with_its_incident_but_results_stay_to_be_discarded_on_its_page():
    incident = open_incident(make_component("API"), now=NOON)
    give(incident, "fail_over", target="the other site")
    give(incident, "discard_since", discard_since=utc("2026-06-23 11:30"), note="They were cut off.")
    assert "Fail over to <bdi>the other site</bdi>." in incident_page(incident)
    post_update(incident, "resolved", now=NOON)
    assert advice_at("/gate/api.json") == []
    assert "Candor-Advice" not in dict(answers()["/gate/api"].headers)
    page = incident_page(incident)
    assert "Fail over" not in page
    assert "Discard results since" in page
    assert "They were cut off." in page


def test_advice_that_is_withdrawn_is_nowhere_and_stays_in_the_record():
    incident = open_incident(make_component("API"))
    advice = give(incident)
    client_advice.withdraw_advice(actor=MARIA, advice_id=advice.pk, now=NOON)
    assert advice_at("/gate/api.json") == []
    assert "Hold" not in incident_page(incident)
    entry = RecordEntry.objects.order_by("number").last()
    assert entry.verb == "advice.withdrawn"
    assert entry.rows[0]["row"] == chain.name_of(advice)
    assert verify().findings == []
    with pytest.raises(Refused, match="withdrawn already"):
        client_advice.withdraw_advice(actor=MARIA, advice_id=advice.pk)


def test_advice_of_maintenance_counts_while_it_is_worked_on():
    api = make_component("API")
    work = maintenance.schedule_maintenance(
        actor=MARIA, title="Upgrade", body="We upgrade.", scope=[(api.pk, ())], now=utc("2026-06-23 09:00"),
        scheduled_for=NOON, scheduled_until=utc("2026-06-23 14:00"),
    )  # fmt: skip
    give(work)
    assert advice_at("/gate/api.json") == []
    maintenance.post_maintenance_update(
        actor=MARIA, incident_id=work.pk, stage="in_progress", body="We begin.", now=NOON
    )
    assert [row["kind"] for row in advice_at("/gate/api.json")] == ["hold"]


def test_advice_of_a_withdrawn_incident_is_gone_with_it():
    incident = open_incident(make_component("API"))
    give(incident)
    withholding.withdraw_incident(actor=MARIA, incident_id=incident.pk, reason="A mistake.")
    assert advice_at("/gate/api.json") == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "panic"}, "kind"),
        ({"kind": "retry_after"}, "seconds"),
        ({"kind": "retry_after", "seconds": 0}, "seconds"),
        ({"kind": "retry_after", "seconds": 10**9}, "seconds"),
        ({"kind": "fail_over", "target": "  "}, "target"),
        ({"kind": "fail_over", "target": "x" * 501}, "target"),
        ({"kind": "fail_over", "target": "javascript://x"}, "target"),
        ({"kind": "fail_over", "target": "http://[::1"}, "target"),
        ({"kind": "discard_since"}, "discard_since"),
        ({"kind": "discard_since", "discard_since": utc("2026-06-23 12:01")}, "discard_since"),
        ({"note": "x" * 301}, "note"),
        ({"component_id": 999}, "component_id"),
        ({"region_id": 999}, "region_id"),
    ],
)
def test_what_no_program_could_follow_is_refused_with_the_field(values, field):
    incident = open_incident(make_component("API"))
    with pytest.raises(Refused) as refused:
        give(incident, **values)
    assert refused.value.field == field
    assert not ClientAdvice.objects.exists()


def test_an_archived_component_and_a_region_where_it_does_not_run_are_refused():
    api, east = make_component("API"), make_region("east")
    incident = open_incident(api)
    with pytest.raises(Refused, match="does not run in that region"):
        give(incident, component_id=api.pk, region_id=east.pk)
    web = make_component("Web")
    component.archive_component(actor=MARIA, component_id=web.pk)
    with pytest.raises(Refused, match="archived"):
        give(incident, component_id=web.pk)


def test_what_is_over_is_not_advised_upon():
    incident = open_incident(make_component("API"))
    post_update(incident, "resolved")
    with pytest.raises(Refused, match="This is over"):
        give(incident)


def test_the_same_twice_is_one_and_their_number_is_bounded():
    incident = open_incident(make_component("API"))
    assert give(incident).pk == give(incident).pk
    for number in range(1, client_advice.MOST):
        give(incident, "retry_after", seconds=number)
    with pytest.raises(Refused, match="20 pieces of advice stand already"):
        give(incident, "retry_after", seconds=999)


def test_a_kind_keeps_only_what_it_needs():
    row = give(open_incident(make_component("API")), "hold", seconds=5, target="x", discard_since=NOON)
    assert (row.seconds, row.target, row.discard_since) == (None, "", None)


def test_a_header_holds_only_what_a_header_may():
    incident = open_incident(make_component("API"))
    give(incident, "fail_over", target='say "näher"')
    assert dict(answers()["/gate/api"].headers)["Candor-Advice"] == "fail_over"
    give(incident, "fail_over", target='a "b" \\ c')
    assert dict(answers()["/gate/api"].headers)["Candor-Advice"] == r'fail_over="a \"b\" \\ c"'


def test_no_text_of_an_advice_becomes_markup():
    incident = open_incident(make_component("API"))
    give(incident, "fail_over", target="<script>1</script>", note="<b>now</b>")
    give(incident, "fail_over", target='https://x.example/"><script>')
    page = incident_page(incident)
    assert "<script>1" not in page
    assert '"><script>' not in page
    assert "&lt;b&gt;now" in page
