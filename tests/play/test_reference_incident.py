"""The reference incident played whole in a browser, from sign-in to the published review, without a mouse.

Each act is done in the console by somebody who may do it, at the time of the story; readers look on meanwhile.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, BrowserType, expect

from incidents.management.demo import story
from incidents.management.demo.review import ReviewStory
from incidents.models import ContributingFactor, Incident, Promise, Review
from incidents.web.console.board import current_board
from tests.conftest import needs
from tests.live.running import free_port
from tests.play.looks import FONTS, assert_looks, launched
from tests.play.stage import PASSWORD, Hands, Stage, arrive, guard_in_this_process, sign_in

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HERE = Path(story.__file__).parent
FACTS, CHOICES, SAID = (json.loads((HERE / f"{name}.json").read_text()) for name in ("june-23", "choices", "review"))
INCIDENT, SLUG = FACTS["incident"], SAID["review"]["slug"]
BEGAN = datetime.fromisoformat(INCIDENT["started_at"])
FACTOR = ("code", "title", "effect", "certainty", "body", "disposition")
DESK: Any = {"width": 1280, "height": 900}
PHONE: Any = {"width": 375, "height": 667}


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def plain_browser(browser_type: BrowserType, browser_type_launch_args: Any, tmp_path: Path) -> Iterator[Browser]:
    """One in which a page looks alike on every machine."""
    needs(FONTS.is_dir(), "the family DejaVu (fonts-dejavu-core)")
    found = launched(browser_type, browser_type_launch_args, tmp_path)
    yield found
    found.close()


@pytest.fixture
def stage(plain_browser: Browser, live_server: Any, settings: Any, public_root: Path) -> Iterator[Stage]:
    """The page of the story on the morning of 23 June: components, subscribers, an agreement, a promise, people."""
    port = free_port()
    settings.SITE_URL = f"http://127.0.0.1:{port}"
    morning = BEGAN.replace(hour=8, minute=0)
    with (
        time_machine.travel(morning, tick=True) as clock,
        guard_in_this_process(public_root, live_server.url, port) as url,
    ):
        month = BEGAN.replace(day=1, hour=0, minute=0)
        story._set_the_stage(FACTS, CHOICES, month)
        story._agree(CHOICES["agreement"], month, month)
        ReviewStory().promise_it(month)
        people = [*SAID["people"].values(), {"username": "maria", "email": "maria@example.com", "roles": ["publisher"]}]
        for row in people:
            made = User.objects.create_user(row["username"], row["email"], PASSWORD)
            made.groups.set(Group.objects.get_or_create(name=role)[0] for role in row["roles"])
        found = Stage(plain_browser, url, clock)
        found.at(morning)
        yield found
        found.close()


def test_the_reference_incident_from_sign_in_to_the_published_review(stage):
    reader = stage.tab(BEGAN, viewport=PHONE, timezone_id="Europe/Berlin")
    reader.goto("/")
    expect(reader.locator("h1")).to_have_text("All Systems Operational")
    play_the_incident(stage, reader)
    play_the_review(stage)
    look(stage, "review", f"/reviews/{SLUG}")
    look(stage, "front-after", "/")
    reader.goto(f"/reviews/{SLUG}")
    expect(reader.locator("main")).to_contain_text("3 h 45 min")
    expect(reader.locator("main")).to_contain_text("99.479 %")
    assert Promise.objects.get().fulfilled_at < when("2026-06-30T23:59:59+00:00")
    assert stage.complaints == []
    assert {re.match(r"\w+://[^/]+|\w+:", to)[0] for _page, to in stage.asked} <= {stage.url, "data:", "blob:"}


def play_the_incident(stage: Stage, reader: Any) -> None:
    """Maria posts the five updates; whoever reads the page meanwhile sees each."""
    first, *others = INCIDENT["updates"]
    stage.at(when(first["at"]) - timedelta(minutes=2))
    tab = stage.tab(when(first["at"]), viewport=DESK)
    maria = sign_in(stage, tab, "maria")
    maria.press("n")
    arrive(tab, "**/incidents/open")
    form = tab.locator("#composer")
    maria.unfold(form)
    places = [str(n) for n, leaf in enumerate(current_board().leaves(), 1) if leaf.slug in INCIDENT["affected"]]
    numbers = " ".join(places)
    stage.at(when(first["at"]))
    maria.fill(form, {
        "title": INCIDENT["title"], "body": first["body"], "stage": "investigating",
        "pick": f"{numbers} = m",
        **due_fields(first["at"]), "advice": CHOICES["advice"], "started_at": "2026-06-23 14:30",
    })  # fmt: skip
    maria.press("Control+Enter")
    arrive(tab, "**/incidents/*#update-*")
    stage.settle()
    expect(reader.locator("h1")).to_have_text("All Systems Operational")
    reader.goto("/")
    expect(reader.locator("h1")).to_have_text(re.compile("Major"))
    look(stage, "front-14-52", "/")
    look(stage, "console-composer", f"/console/incidents/{Incident.objects.get().code}/update", tab)
    tab.goto(f"/console/incidents/{Incident.objects.get().code}")
    tab.set_viewport_size(DESK)
    for number, row in enumerate(others, 1):
        at = row["at"] or CHOICES["undated_updates"][str(number)]
        stage.at(when(at))
        maria.press("u")
        arrive(tab, "**/update")
        due = {} if row["status"] == "resolved" else due_fields(at)  # nothing more is promised of what is over
        maria.fill(form, {"stage": row["status"], "body": row["body"], **due})
        maria.press("Control+Enter")
        arrive(tab, "**/incidents/*#update-*")
        stage.settle()
        incident = Incident.objects.get()
        assert (incident.stage, incident.updates.last().body) == (row["status"], row["body"])
        reader.goto(f"/incidents/{incident.code}")
        expect(reader.locator("main")).to_contain_text(row["body"])
        if row["status"] == "monitoring":
            look(stage, "front-17-45", "/")
    stage.at(stage.now + timedelta(minutes=1))  # nothing can be taken back any more
    look(stage, "incident-after", f"/incidents/{incident.code}")
    look(stage, "console-incident", f"/console/incidents/{incident.code}", tab)
    look(stage, "console-overview", "/console/", tab)
    stage.leave(tab)
    assert {f"{row.ended_at:%H:%M}" for row in incident.intervals.all()} == {"18:15"}


def due_fields(posted_at: str) -> dict[str, str]:
    """How the next update is promised, as the composer asks it."""
    due = CHOICES["next_update_due"].get(posted_at)
    return {"due": "at", "due_at": f"{when(due):%Y-%m-%d %H:%M}"} if due else {"due": "none"}


def look(stage: Stage, name: str, path: str, tab: Any = None) -> None:
    """Compare a page with the pictures that were kept of it: both widths, both themes."""
    own = tab is None
    tab = tab or stage.tab(stage.now)
    for size in (PHONE, DESK):
        tab.set_viewport_size(size)
        tab.goto(path)
        for scheme in ("light", "dark"):
            assert_looks(tab, name, scheme)
    if own:
        stage.leave(tab)


def play_the_review(stage: Stage) -> None:
    """Noor writes it, four others read and approve it, Ines publishes it."""
    times, people = SAID["times"], {key: row["username"] for key, row in SAID["people"].items()}
    desk = stage.tab(when(times["started"]), viewport=DESK)

    def noor(act: str) -> Hands:
        # Days lie between the acts; a session does not last so long.
        stage.at(when(times[act]))
        return sign_in(stage, desk, people["owner"])

    begin(noor("started"))
    gather(noor("facts"))
    write(noor("written"))
    review = Review.objects.get()
    submit(noor("submitted"), f"/console/reviews/{review.code}/submit", {})
    for act, kinds in (("approved", ("technical", "service_owner", "communication", "legal")), ("published", ())):
        stage.at(when(times[act]))
        for kind in kinds:
            reader = sign_in(stage, stage.tab(when(times[act]), viewport=DESK), people[kind])
            submit(reader, f"/console/reviews/{review.code}/approve", {"kind": kind})
    ines = sign_in(stage, stage.tab(when(times["published"]), viewport=DESK), people["communication"])
    submit(ines, f"/console/reviews/{review.code}/publish", {"kind": "final"})
    stage.settle()
    assert Review.objects.get().versions.get().kind == "final"


def submit(hands: Hands, path: str, values: dict[str, Any]) -> None:
    """Open a form of the console, unfold it, fill it in and send it with its own button."""
    tab = hands.tab
    tab.goto(path)
    form = tab.locator("main form:has([data-post])").first
    hands.unfold(form)
    hands.fill(form, values)
    button = form.locator("[data-post]").first
    hands.reach(button)
    is_asked_about = button.get_attribute("data-confirm")
    with tab.expect_navigation() as answer:
        hands.press("Enter")
        if is_asked_about:
            hands.follow(tab.locator("#sure [value=yes]"))
    assert answer.value.ok, tab.locator("main").inner_text()
    arrive(tab, "**")


def begin(noor: Hands) -> None:
    incident = Incident.objects.get()
    noor.tab.goto("/console/reviews/start")
    submit(noor, "/console/reviews/start", {"incident_ids": [incident.pk], **SAID["review"]})


def gather(noor: Hands) -> None:
    """Phases, entries, changes, factors and remediations, each by its form."""
    review = Review.objects.get()
    base = f"/console/reviews/{review.code}"
    for row in SAID["phases"]:
        submit(noor, f"{base}/phases/add", typed(row))
    phases = {row.name: row.pk for row in review.phases.all()}
    for row in SAID["entries"]:
        said = typed({name: value for name, value in row.items() if name != "phase"})
        submit(noor, f"{base}/entries/add", said | ({"phase_id": phases[row["phase"]]} if "phase" in row else {}))
    for name in ("change", "failover"):
        row = SAID[name]
        (role, *_others) = row["roles"]
        said = {key: value for key, value in row.items() if key != "roles"}
        here = {"role": role["role"], "role_certainty": role["certainty"], "role_note": role["note"]}
        submit(noor, f"{base}/changes/add", typed(said) | here)
    for row in SAID["factors"]:
        noor.tab.goto(f"{base}/factors/add")
        shown = noor.tab.locator('[name="entry_refs"]').first.get_attribute("value")
        submit(noor, f"{base}/factors/add", {name: row[name] for name in FACTOR} | {"entry_refs": [shown]})
    made = ContributingFactor.objects.order_by("pk").values_list("pk", flat=True)
    factors = dict(zip((row["key"] for row in SAID["factors"]), made, strict=True))
    owner = User.objects.get(username=SAID["people"]["owner"]["username"])
    for row in SAID["remediations"]:
        said = {name: value for name, value in row.items() if name not in ("key", "factors")}
        submit(noor, f"{base}/remediations/add", typed(said) | {
            "factor_ids": [factors[key] for key in row["factors"]], "owner_id": owner.pk, "is_public": True,
        })  # fmt: skip


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a form as one types them: times without their zone."""
    return {
        name: f"{when(value):%Y-%m-%d %H:%M}" if name == "at" or name.endswith("_at") else value
        for name, value in row.items()
    }


def write(noor: Hands) -> None:
    """Every section, saved with Ctrl+S; then who had a part in the writing."""
    review = Review.objects.get()
    tab = noor.tab
    for key, body in SAID["sections"].items():
        tab.goto(f"/console/reviews/{review.code}/sections/{key}")
        noor.reach(tab.locator("#id_body"))
        noor.type(body)
        noor.press("Control+s")
        expect(tab.locator("#saved")).to_have_attribute("data-state", "saved", timeout=20_000)
        assert review.sections.get(key=key).body == body
    submit(noor, f"/console/reviews/{review.code}/edit", {"assistance": SAID["assistance"]})
    submit(noor, f"/console/reviews/{review.code}/explain/detected", {"reason": SAID["unknown_milestones"]["detected"]})
