"""Opening, updating, resolving and reopening an incident on one screen, without a script."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from incidents.models import (
    Component,
    IdempotencyKey,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    UpdateTemplate,
)
from incidents.web.console import composer
from tests.factories import MARIA, change, make_component, make_region, make_subscriber, open_incident, post_update

OPEN = "/console/incidents/open"


def typed(answer, **changes):
    """What the browser would post: the hidden fields of the page, the defaults, and what a person types."""
    html = answer.content.decode()
    hidden = {
        name: value
        for name, value in re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', html)
        if name in ("key", "seen_version", "seen_sequence")
    }
    stage = re.search(r'name="stage" value="(\w+)"[^>]*checked', html)
    return {
        "stage": stage[1] if stage else "investigating", "body": "We are looking into it.", "due": "none",
        "is_notifying": "on", **hidden, **changes,
    }  # fmt: skip


def effect(answer):
    return re.search(r'<span id="effect"[^>]*>(.*?)</span>', answer.content.decode())[1]


@pytest.fixture
def api(db):
    return make_component("API")


def test_an_incident_is_opened_with_a_component_since_a_time_in_the_past(console, api):
    half_past = (timezone.now() - timedelta(minutes=22)).replace(second=0, microsecond=0)
    form = typed(
        console.get(OPEN),
        title="Errors",
        due="30",
        **{f"level_{api.pk}": "major_outage", f"since_{api.pk}": f"{half_past:%Y-%m-%d %H:%M}"},
    )
    answer = console.post(OPEN, form)
    update = IncidentUpdate.objects.select_related("incident").get()
    assert answer["Location"] == f"/console/incidents/{update.incident.code}#update-{update.code}"
    assert update.author_label == "maria"
    interval = ImpactInterval.objects.get()
    assert (interval.component, interval.level, interval.started_at) == (api, "major_outage", half_past)
    promised = update.next_update_due_at - update.posted_at
    assert timedelta(minutes=29, seconds=55) < promised < timedelta(minutes=31), (
        "the form is read before the action's now"
    )
    assert update.next_update_due_at.second == 0
    assert console.get(answer["Location"]).status_code == 200


def test_the_start_counts_for_components_without_a_time_of_their_own(console, api):
    start = (timezone.now() - timedelta(hours=1)).replace(second=0, microsecond=0)
    form = typed(console.get(OPEN), title="Errors", started_at=f"{start:%Y-%m-%d %H:%M}")
    console.post(OPEN, form | {f"level_{api.pk}": "partial_outage"})
    assert ImpactInterval.objects.get().started_at == start


def test_the_same_form_posted_twice_makes_one_incident_and_the_same_answer(console, api):
    form = typed(console.get(OPEN), title="Errors", due="15", **{f"level_{api.pk}": "major_outage"})
    first, second = console.post(OPEN, form), console.post(OPEN, form)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Incident.objects.count() == 1
    assert OutboxEvent.objects.filter(verb="incident.opened").count() == 1


def test_an_update_posted_twice_is_one_update_even_after_another_one_came(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(console.get(path), stage="identified", due="60")
    first = console.post(path, form)
    post_update(incident, "monitoring")
    assert console.post(path, form)["Location"] == first["Location"]
    assert incident.updates.count() == 3


def test_the_second_of_a_double_click_that_crosses_a_minute_is_still_the_same_post(console, api, monkeypatch):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(console.get(path), due="15")
    first = console.post(path, form)
    late = timezone.now() + timedelta(minutes=2)
    known = iter([IdempotencyKey.objects.none(), IdempotencyKey.objects.all()])

    class Racing:
        """The table as the second request sees it: the key is not there yet when the form is read."""

        def filter(self, **rule):
            return next(known, IdempotencyKey.objects.all()).filter(**rule)

    monkeypatch.setattr(composer, "IdempotencyKey", SimpleNamespace(objects=Racing()))
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    assert console.post(path, form)["Location"] == first["Location"]
    assert incident.updates.count() == 2


def test_another_text_under_a_used_key_is_a_conflict_that_offers_a_new_key(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(console.get(path), body="First.")
    console.post(path, form)
    answer = console.post(path, form | {"body": "Second."})
    assert answer.status_code == 409
    again = typed(answer, body="Second.")
    assert again["key"] != form["key"]
    assert console.post(path, again).status_code == 302
    assert [row.body for row in incident.updates.all()][1:] == ["First.", "Second."]


def test_somebody_who_posted_meanwhile_is_shown_and_nothing_typed_is_lost(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(
        console.get(path), body="My own words.", due="at", due_at="23:58", advice="Wait.",
        **{f"level_{api.pk}": "degraded_performance", f"since_{api.pk}": ""},
    )  # fmt: skip
    post_update(incident, "identified", body="A colleague was quicker.")
    answer = console.post(path, form)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "A colleague was quicker." in html
    assert "My own words." in html
    assert "Wait." in html
    assert 'value="23:58"' in html
    assert 'value="degraded_performance" selected' in html
    assert incident.updates.count() == 2

    again = typed(answer, body="My own words.", stage="identified")
    assert console.post(path, again).status_code == 302
    assert incident.updates.count() == 3


def test_a_time_that_cannot_be_is_refused_at_its_field_with_everything_kept(console, api):
    form = typed(console.get(OPEN), title="Errors", body="Kept <b>text</b>.")
    form |= {f"level_{api.pk}": "major_outage", f"since_{api.pk}": "23:59:60"}
    answer = console.post(OPEN, form)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "That is not a time. Write it in UTC" in html
    assert f'href="#id_since_{api.pk}"' in html
    assert 'value="23:59:60"' in html
    assert "Kept &lt;b&gt;text&lt;/b&gt;." in html
    assert 'value="Errors"' in html
    assert Incident.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"body": " \n "}, "The text is empty"),
        ({"body": "x" * 25_001}, "25,001 characters; at most 25,000"),
        ({"title": "\u200b"}, "Fill in the title"),
        ({"title": "x" * 256}, "The title has 256 characters"),
        ({"due": "at", "due_at": ""}, "Give the time by which you will post again"),
        ({"due": "at", "due_at": "2001-01-01 10:00"}, "has passed already"),
        ({"stage": "resolved"}, "not one of the available choices"),
        ({"started_at": "2199-01-01 00:00"}, "in the future"),
        ({"key": ""}, "This field is required"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence_and_nothing_is_written(console, api, change, sentence):
    answer = console.post(OPEN, typed(console.get(OPEN), title="Errors") | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Incident.objects.count() == 0
    assert OutboxEvent.objects.filter(verb="incident.opened").count() == 0


def test_a_component_archived_since_the_form_was_loaded_is_refused_by_name(console, api):
    form = typed(console.get(OPEN), title="Errors", **{f"level_{api.pk}": "major_outage"})
    component_actions.archive_component(actor=MARIA, component_id=api.pk)
    answer = console.post(OPEN, form)
    assert answer.status_code == 422
    assert "API is archived. Restore it first" in answer.content.decode()


def test_a_component_that_never_was_is_refused(console, api):
    answer = console.post(OPEN, typed(console.get(OPEN), title="Errors", level_999999999999="major_outage"))
    assert answer.status_code == 422
    assert "There is no such component" in answer.content.decode()


def test_one_region_of_a_component_is_told_apart(console, db):
    one, two = make_region("region-1"), make_region("region-2")
    api = make_component("API", region_ids=[one.pk, two.pk])
    form = typed(console.get(OPEN), title="Errors")
    console.post(OPEN, form | {f"level_{api.pk}": "wrong_results", f"regions_{api.pk}": [str(two.pk)]})
    interval = ImpactInterval.objects.get()
    assert (interval.region, interval.level, interval.is_quality) == (two, "degraded_performance", True)


def test_resolving_ends_what_the_incident_holds_and_reopening_goes_on(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}"
    assert console.post(f"{path}/resolve", typed(console.get(f"{path}/resolve"), due="15")).status_code == 302
    incident.refresh_from_db()
    assert incident.stage == "resolved"
    assert ImpactInterval.objects.get().ended_at is not None

    assert console.get(f"{path}/update")["Location"] == f"{path}/reopen"
    late = typed(console.get(f"{path}/reopen"), key="k", seen_version="1", seen_sequence="1", stage="identified")
    assert console.post(f"{path}/update", late | {"seen_version": str(incident.version)}).status_code == 422
    assert console.post(f"{path}/reopen", typed(console.get(f"{path}/reopen"))).status_code == 302
    incident.refresh_from_db()
    assert incident.is_open
    assert incident.updates.last().is_reopening


def test_the_button_says_how_many_are_told_by_what_is_chosen(console, api):
    web = make_component("Website")
    make_subscriber("all@example.org")
    make_subscriber("api@example.org", component_ids=[api.pk])
    make_subscriber("web@example.org", component_ids=[web.pk])
    page = console.get(OPEN)
    assert effect(page) == "Post and notify 1 subscriber"
    form = typed(page, title="E", step="preview", **{f"level_{api.pk}": "major_outage"})
    assert effect(console.post(OPEN, form)) == "Post and notify 2 subscribers"
    assert effect(console.post(OPEN, form | {"is_notifying": ""})) == "Post, tell nobody"
    assert Incident.objects.count() == 0
    incident = open_incident(api)
    assert effect(console.get(f"/console/incidents/{incident.code}/resolve")) == "Resolve and notify 2 subscribers"


def test_a_silent_update_tells_nobody(console, api):
    make_subscriber()
    form = typed(console.get(OPEN), title="Errors")
    del form["is_notifying"]
    console.post(OPEN, form)
    assert OutboxEvent.objects.get(verb="incident.opened").reach == "page"


def test_the_preview_is_a_fragment_that_shows_the_text_as_the_page_will(console, api):
    form = typed(console.get(OPEN), step="preview", body="**Bold** <script>alert(1)</script>")
    form[f"level_{api.pk}"] = "major_outage"
    html = console.post(OPEN, form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in html
    assert "<strong>Bold</strong>" in html
    assert "<script>" not in html
    assert "Major outage" in html
    assert 'id="effect" hx-swap-oob="true"' in html
    assert 'class="errorlist"' not in html


def test_a_template_fills_the_text_and_keeps_what_was_typed(console, api):
    for name, body in (("One", "{components}: {title} {not} {{ a }}"), ("Two", "Second.")):
        page_actions.save_template(actor=MARIA, name=name, stage="identified", body=body)
    one, two = [UpdateTemplate.objects.get(name=name).pk for name in ("One", "Two")]
    form = typed(console.get(OPEN), title="Errors", body="", step="fill", **{f"level_{api.pk}": "major_outage"})
    html = console.post(OPEN, form | {"template": one}).content.decode()
    assert "API: Errors {not} {{ a }}</textarea>" in html
    assert re.search(r'value="identified"[^>]*checked', html)
    untouched = console.post(OPEN, form | {"template": two, "body": "API: Errors {not} {{ a }}"}).content.decode()
    assert ">\nSecond.</textarea>" in untouched
    added = console.post(OPEN, form | {"template": two, "body": "Mine."}).content.decode()
    assert ">\nMine.\n\nSecond.</textarea>" in added
    assert Incident.objects.count() == 0


def test_posted_fields_that_no_form_offers_change_nothing(console, api):
    form = typed(console.get(OPEN), title="Errors", is_example="on", created_at="2001-01-01", posted_at="2001-01-01")
    console.post(OPEN, form)
    incident = Incident.objects.get()
    assert not incident.is_example
    assert incident.created_at.year > 2001


def test_the_composer_lists_components_in_the_order_of_the_page(console, db):
    group = make_component("Apps", is_group=True)
    make_component("Website")
    make_component("iOS", group_id=group.pk)
    html = console.get(OPEN).content.decode()
    names = [Component.objects.get(pk=pk).name for pk in re.findall(r'<select name="level_(\d+)"', html)]
    assert names == ["iOS", "Website"]


@pytest.mark.parametrize("name", ["key", "body", "title", "due_at", "template"])
def test_a_nul_or_a_terminal_colour_in_any_field_is_never_a_fault(console, api, name):
    form = typed(console.get(OPEN), title="Errors", body="Text.", due="none")
    for step in ("post", "preview", "fill"):
        answer = console.post(OPEN, form | {"step": step, name: f"{form.get(name, '')}\x00\x1b[31m"})
        assert answer.status_code in (200, 302, 422)
    for row in Incident.objects.all():
        assert (row.title, row.updates.get().body) == ("Errors", "Text.")


def test_numbers_past_any_column_are_never_a_fault(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(console.get(path))
    for name in ("seen_version", "seen_sequence"):
        assert console.post(path, form | {name: "9" * 30}).status_code in (302, 409, 422)
    form = typed(console.get(path))
    assert console.post(path, form | {f"level_{'9' * 18}": "major_outage"}).status_code == 422


def test_a_text_as_long_as_allowed_is_posted_from_a_browser_and_one_longer_is_kept(console, api):
    form = typed(console.get(OPEN), title="Errors", body="line\r\n" * 5_000)
    assert console.post(OPEN, form).status_code == 302
    form = typed(console.get(OPEN), title="Errors", body="é" * 25_001)
    refused = console.post(OPEN, form)
    assert refused.status_code == 422
    assert "é" * 25_001 in refused.content.decode()


def test_names_are_filled_in_once_and_as_text(console, db):
    odd = make_component("{title} **x** [a](javascript:1)")
    page_actions.save_template(actor=MARIA, name="One", stage="identified", body="{components}: {title} {who}")
    form = typed(
        console.get(OPEN), title="{components} <b>", body="", step="fill", **{f"level_{odd.pk}": "major_outage"}
    )
    html = console.post(OPEN, form | {"template": UpdateTemplate.objects.get().pk}).content.decode()
    filled = re.search(r'<textarea name="body".*?>\n(.*?)</textarea>', html, re.S)[1]
    assert filled == (r"{title} \*\*x\*\* \[a\](javascript:1): {components} \&lt;b\&gt; {who}")
    seen = console.post(OPEN, form | {"step": "preview", "body": "We ask {who}."}).content.decode()
    assert "Still to fill in: {who}" in seen
    assert (
        "Still to fill in" not in console.post(OPEN, form | {"step": "preview", "body": "GET /{id}"}).content.decode()
    )


def told_in_preview(answer):
    part = re.search(r'<section class="preview".*?</section>', answer.content.decode(), re.S)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_the_preview_of_a_resolution_shows_what_it_ends(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/resolve"
    seen = told_in_preview(console.post(path, typed(console.get(path), step="preview", stage="resolved")))
    assert "API" in seen
    assert "Operational" in seen
    console.post(path, typed(console.get(path), stage="resolved"))
    assert [told["new_level"] for told in incident.updates.last().component_changes] == ["operational"]


def test_a_text_for_an_incident_that_was_resolved_meanwhile_is_taken_over_into_a_reopening(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}"
    form = typed(console.get(f"{path}/update"), body="It is back.")
    post_update(incident, "resolved")
    met = console.post(f"{path}/update", form)
    assert met.status_code == 409
    assert f'formaction="{path}/reopen"' in met.content.decode()
    offered = console.post(f"{path}/reopen", typed(met, body="It is back.", step="preview", due="none"))
    assert "It is back.</textarea>" in offered.content.decode()
    assert console.post(f"{path}/reopen", typed(offered, body="It is back.")).status_code == 302
    assert incident.updates.last().is_reopening


@pytest.mark.parametrize("stage", ["identified", "resolved"])
@pytest.mark.parametrize("level", ["", "operational", "major_outage", "wrong_results"])
@pytest.mark.parametrize("places", [[], ["east"], ["west"], ["east", "west"]], ids=str)
def test_the_preview_tells_of_components_what_the_post_will_tell(console, db, stage, level, places):
    regions = {key: make_region(key) for key in ("east", "west")}
    api = make_component("API", region_ids=[region.pk for region in regions.values()])
    start = timezone.now() - timedelta(hours=1)
    incident = open_incident(api, make_component("Web"), now=start)
    post_update(incident, components=[change(api, "operational", region_ids=(regions["east"].pk,))], now=start)
    path = f"/console/incidents/{incident.code}/update"
    since = f"{timezone.now():%Y-%m-%d %H:%M}" if level else ""
    form = typed(console.get(path), stage=stage) | {
        f"level_{api.pk}": level, f"since_{api.pk}": since,
        f"regions_{api.pk}": [regions[key].pk for key in places],
    }  # fmt: skip
    shown = console.post(path, form | {"step": "preview"}).context["preview"].update.changes
    answer = console.post(path, form)
    if answer.status_code == 302:
        told = incident.updates.last().component_changes
        assert [(row.name, row.region, row.old_level, row.new_level) for row in shown] == [
            (row["name"], row["region"], row["old_level"], row["new_level"]) for row in told
        ]
    else:
        # Where both are true, of trouble that is over by resolving and stands there already, either is said.
        sentences = ["at that level already"] + ["Resolving ends everything"] * (stage == "resolved")
        assert any(sentence in answer.content.decode() for sentence in sentences)
