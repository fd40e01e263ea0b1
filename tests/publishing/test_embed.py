"""The notice on somebody else's page, in a real browser: away on a quiet day, there when something is wrong."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Page as Tab

from incidents.actions.maintenance import post_maintenance_update, schedule_maintenance
from incidents.publishing import embed, snapshot
from incidents.publishing.tree import Page
from tests.factories import MARIA, make_component, open_incident, post_update, utc

# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

pytestmark = pytest.mark.django_db
FOREIGN = "http://shop.example.net"
HOST = """<!doctype html><html lang=en><title>A shop</title><main><h1>A shop</h1></main>
<script src="http://status.example.com/embed/script.js" async></script>"""


@pytest.fixture(autouse=True)
def at_an_address_of_its_own(settings):
    settings.SITE_URL = "http://status.example.com"


def embedded() -> dict[str, Page]:
    """The script and the frame as of now in the story."""
    return {page.path: page.render() for page in embed.cold(snapshot.build(utc("2026-06-23 15:00")))}


def notice() -> embed.Notice:
    return embed.notice_of(snapshot.build(utc("2026-06-23 15:00")))


def make_trouble(name: str = "API", title: str = "Increased error rates", level: str = "major_outage"):
    api = make_component(name, now=utc("2026-06-01 00:00"))
    return open_incident(api, title=title, level=level, now=utc("2026-06-23 14:52"))


# --- what it says -----------------------------------------------------------------------------------------------------


def test_a_quiet_day_has_nothing_to_show():
    make_component(now=utc("2026-06-01 00:00"))
    assert (notice().key, notice().kind) == ("", "quiet")
    assert b'data-id=""' in embedded()[embed.FRAME].body


def test_the_worst_incident_is_named_and_the_others_are_counted():
    light = make_trouble("Web", "Slow pages", "degraded_performance")
    assert notice().href == f"http://status.example.com/incidents/{light.code}"
    heavy = make_trouble()
    found = notice()
    assert (found.title, found.detail) == ("Increased error rates", "Incident · Investigating · 1 more")
    assert found.href == "http://status.example.com"
    assert found.key == "-".join(sorted((light.code, heavy.code)))
    post_update(heavy, "resolved", now=utc("2026-06-23 14:58"))
    assert notice().title == "Slow pages"


def test_maintenance_shows_from_when_it_is_worked_on():
    api = make_component(now=utc("2026-06-01 00:00"))
    planned = schedule_maintenance(
        actor=MARIA,
        title="New disks",
        body="We change disks.",
        scope=[(api.pk, ())],
        scheduled_for=utc("2026-06-23 14:00"),
        scheduled_until=utc("2026-06-23 16:00"),
        now=utc("2026-06-20 12:00"),
    )
    assert notice().kind == "quiet"
    post_maintenance_update(
        actor=MARIA, incident_id=planned.pk, stage="in_progress", body="We have begun.", now=utc("2026-06-23 14:00")
    )
    assert (notice().kind, notice().title) == ("maintenance", "New disks")


def test_the_frame_may_be_framed_by_all_and_runs_only_what_is_its_own():
    make_trouble(title="<script>alert(1)</script>")
    page = embedded()[embed.FRAME]
    headers = dict(page.headers)
    assert headers["X-Frame-Options"] == "", "an empty value takes the guard's own away"
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    text = page.body.decode()
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        inside = text.split(f"<{element}>")[1].split(f"</{element}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "&lt;script&gt;alert" in text
    assert "style=" not in text


def test_the_script_holds_the_address_and_no_cookie():
    text = embedded()[embed.SCRIPT].body.decode()
    assert 'var base = "http://status.example.com";' in text
    assert "%" + "URL" not in text
    assert "cookie" not in text.casefold()
    assert "localStorage" not in text


def test_the_frame_is_written_anew_when_what_it_says_changes_and_the_script_never():
    def keys() -> list[str]:
        return [page.key for page in embed.cold(snapshot.build(utc("2026-06-23 15:00")))]

    script, frame = keys()
    incident = make_trouble()
    assert keys()[0] == script
    assert keys()[1] != frame
    shown = keys()[1]
    post_update(incident, "identified", now=utc("2026-06-23 14:55"))
    assert keys()[1] != shown


# --- in a browser -----------------------------------------------------------------------------------------------------


class Web:
    """Two sites: a shop, and the status page as it is now."""

    def __init__(self) -> None:
        self.pages = embedded()
        self.complaints: list[str] = []

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix("http://status.example.com").split("?")[0]
        page = self.pages.get(path)
        if route.request.url.startswith(FOREIGN):
            route.fulfill(body=HOST, headers={"Content-Type": "text/html; charset=utf-8"})
        elif page is None:
            route.abort()
        else:
            sent = {name: value for name, value in page.headers if value}
            route.fulfill(body=page.body, headers={**sent, "Content-Type": page.content_type})

    def open(self, tab: Tab) -> None:
        """Visit the shop, and wait until the frame has said what it has to say."""
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.add_init_script("window.said = []; addEventListener('message', event => said.push(event.data.action))")
        tab.route("**/*", self.answer)
        tab.goto(f"{FOREIGN}/")
        tab.wait_for_function("said.length > 0")


@pytest.fixture(params=[(375, "light"), (1280, "dark")], ids=["phone", "desk"])
def tab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Tab]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 667},
        screen={"width": width, "height": 667},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_it_is_away_on_a_quiet_day_and_can_be_tried(tab):
    web = Web()
    web.open(tab)
    frame = tab.locator("iframe")
    expect(frame).not_to_be_in_viewport()
    assert tab.evaluate("said") == ["dismissFrame"]
    assert frame.get_attribute("tabindex") == "-1"
    tab.evaluate("statusEmbedTest()")
    expect(frame).to_be_in_viewport(ratio=1)
    expect(tab.frame_locator("iframe").locator("h1")).to_have_text("Nothing is wrong")
    assert web.complaints == []


@pytest.mark.browser
def test_it_comes_with_an_incident_and_stays_away_once_dismissed_until_the_next_one(tab):
    first = make_trouble()
    web = Web()
    web.open(tab)
    frame, inside = tab.locator("iframe"), tab.frame_locator("iframe")
    expect(frame).to_be_in_viewport(ratio=1)
    expect(inside.locator("h1")).to_have_text("Increased error rates")
    expect(inside.get_by_role("link")).to_have_attribute("href", f"http://status.example.com/incidents/{first.code}")
    if shots := os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=f"{shots}/embed-{tab.viewport_size['width']}.png")
    assert frame.bounding_box()["height"] == 115
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [found["id"] for found in Axe().run(tab).response["violations"] if found["id"] != "region"] == []
    inside.get_by_role("button", name="Dismiss").click()
    expect(frame).not_to_be_in_viewport()
    web.open(tab)  # the next page of the shop, in the same tab
    expect(frame).not_to_be_in_viewport()
    make_trouble("Web", "Slow pages", "degraded_performance")
    web.pages = embedded()
    web.open(tab)
    expect(frame).to_be_in_viewport(ratio=1)
    assert web.complaints == []
    assert tab.context.cookies() == []


@pytest.mark.browser
def test_a_message_of_another_frame_moves_nothing(tab):
    web = Web()
    web.open(tab)
    tab.evaluate("postMessage({action: 'showFrame', id: 'x'}, '*')")
    tab.wait_for_function("said.length > 1")
    expect(tab.locator("iframe")).not_to_be_in_viewport()


def test_the_files_hold_nothing_that_would_end_their_element():
    for page in embedded().values():
        assert len(re.findall(r"</script", page.body.decode())) <= 1
