"""Advice to programs in the console: given on an incident, listed there, taken back."""

from __future__ import annotations

import pytest

from incidents.models import ClientAdvice
from tests.factories import make_component, open_incident, post_update

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def typed(**values: str) -> dict[str, str]:
    return {"kind": "hold", "seconds": "", "target": "", "discard_since": "", "note": "", **values}


def test_advice_is_given_on_the_page_of_the_incident_and_listed_there(console):
    api = make_component("API")
    row = open_incident(api)
    page = text(console.get(f"/console/incidents/{row.code}"))
    assert f'href="/console/incidents/{row.code}/advise"' in page
    values = typed(kind="retry_after", seconds="90", component_id=str(api.pk), note="Half pass.")
    answer = console.post(f"/console/incidents/{row.code}/advise", values)
    assert (answer.status_code, answer["Location"]) == (302, f"/console/incidents/{row.code}")
    made = ClientAdvice.objects.get()
    assert (made.kind, made.seconds, made.component, made.region, made.note) == (
        "retry_after",
        90,
        api,
        None,
        "Half pass.",
    )
    page = text(console.get(f"/console/incidents/{row.code}"))
    assert "<b>Retry after 90 s.</b> (<bdi>API</bdi>) <bdi>Half pass.</bdi>" in page


def test_advice_is_taken_back_with_one_button(console):
    row = open_incident(make_component())
    console.post(f"/console/incidents/{row.code}/advise", typed())
    made = ClientAdvice.objects.get()
    path = f"/console/advice/{made.pk}/withdraw"
    assert f'action="{path}"' in text(console.get(f"/console/incidents/{row.code}"))
    assert console.post(path).status_code == 302
    assert "Hold: begin" not in text(console.get(f"/console/incidents/{row.code}"))
    assert console.get(path).status_code == 405
    assert "withdrawn already" in text(console.post(path, follow=True))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "retry_after", "seconds": "soon"}, "Enter a whole number."),
        ({"kind": "retry_after"}, "Give the seconds to wait, from 1 to 604,800."),
        ({"kind": "fail_over"}, "Say where to fail over to"),
        ({"kind": "discard_since", "discard_since": "2199-01-01 10:00"}, "The time is in the future."),
        ({"kind": "panic"}, "panic is not one of the available choices."),
        ({"component_id": "999"}, "999 is not one of the available choices."),
    ],
)
def test_what_was_typed_stays_when_it_is_refused(console, values, sentence):
    row = open_incident(make_component())
    answer = console.post(f"/console/incidents/{row.code}/advise", typed(note="Keep <me>.", **values))
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'value="Keep &lt;me&gt;."' in text(answer)
    assert not ClientAdvice.objects.exists()


def test_an_incident_that_is_over_offers_no_advice(console):
    row = open_incident(make_component())
    post_update(row, "resolved")
    assert "/advise" not in text(console.get(f"/console/incidents/{row.code}"))
    answer = console.post(f"/console/incidents/{row.code}/advise", typed())
    assert answer.status_code == 422
    assert "This is over" in text(answer)
