"""An open page that is kept current: nothing jumps, nothing of the reader's is lost, and only what is new is said."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component, Incident
from incidents.publishing.tree import Page
from tests.factories import post_update, utc
from tests.publishing.page_world import open_the_incident, ten_components, truth_at
from tests.publishing.reader_world import DESK, SecureSite, every_page, settled, two_troubles
from tests.publishing.test_look import PHONE, Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(one => one.value)))
        .observe({ type: "layout-shift", buffered: false });
}"""


@pytest.fixture
def site(browser) -> Site:
    """Two open incidents, seen at 15:10."""
    return two_troubles()[1]


def a_third_incident(count: int = 1) -> dict[str, Page]:
    """The pages once a third incident, of so many components, stands above the two."""
    leaves = list(Component.objects.filter(is_group=False).order_by("pk"))
    open_the_incident(
        leaves, title="Batch jobs wait", body="We are looking into it.", now=utc("2026-06-23 15:11"),
        components=[ComponentChange(leaf.pk, Level.MAJOR_OUTAGE) for leaf in leaves[-count:]],
    )  # fmt: skip
    return every_page(truth_at("15:12"))


@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("where", ["/", "/#only=claude-ai,claude-code"], ids=["all", "some"])
def test_an_incident_that_is_added_above_moves_nothing_that_is_read(browser, site, view, where):
    tab = site.open(browser, where, viewport=view)
    if "#" in where:
        expect(tab.locator(".summary")).to_be_visible()
    tab.locator("footer select").select_option("here")
    expect(tab.locator("#zone")).to_be_visible()
    table = tab.locator(".days-table:visible").first
    table.locator("summary").click()
    table.locator("summary").focus()
    words = tab.locator(".component[data-component-id]:visible .level").first
    words.evaluate("el => getSelection().selectAllChildren(el)")
    chosen = tab.evaluate("String(getSelection())")
    tab.evaluate("el => window.scrollTo(0, el.getBoundingClientRect().top + scrollY - 200)", words.element_handle())
    before, height = words.bounding_box()["y"], tab.evaluate("document.body.scrollHeight")
    tab.evaluate(WATCH)
    site.pages = a_third_incident()
    tab.clock.run_for(40_000)
    expect(tab.locator(".card")).to_have_count(3)
    tab.wait_for_timeout(200)
    assert tab.evaluate("document.body.scrollHeight") > height or "#" in where  # there only the count is new
    assert abs(words.bounding_box()["y"] - before) < 1
    assert sum(tab.evaluate("window.shifts")) == 0
    assert tab.evaluate("String(getSelection())") == chosen
    assert tab.evaluate("document.activeElement.parentElement.id") == table.get_attribute("id")
    assert table.get_attribute("open") is not None
    assert tab.locator(".card time").first.inner_text().endswith("23:30")
    assert site.complaints == []


def test_only_what_is_new_is_said_politely(browser, site):
    tab = site.open(browser, "/")
    said = tab.locator("#live")
    assert said.get_attribute("role") == "status"
    site.pages = a_third_incident()
    tab.clock.run_for(40_000)
    expect(said).to_contain_text("Batch jobs wait")
    assert "Files are slow" not in said.inner_text()
    other = next(row for row in truth_at("15:12").open_incidents if row.title == "Files are slow")
    post_update(Incident.objects.get(pk=other.number), body="A disk is full.", now=utc("2026-06-23 15:13"))
    site.pages = every_page(truth_at("15:14"))
    tab.clock.run_for(40_000)
    expect(said).to_contain_text("A disk is full.")
    assert "Batch jobs wait" not in said.inner_text()


def test_what_did_not_change_is_the_same_element_and_pictures_do_not_blink(browser, site):
    tab = site.open(browser, "/")
    tab.evaluate("""() => {
        window.kept = [...document.querySelectorAll(".card, .component, .status-day, .bars")];
        const picture = document.createElement("img");
        picture.className = "mine";
        document.querySelectorAll(".card .text")[0].append(picture);
        window.picture = picture;
    }""")
    site.pages = a_third_incident()
    tab.clock.run_for(40_000)
    expect(tab.locator(".card")).to_have_count(3)
    assert tab.evaluate("window.picture.isConnected")
    gone = tab.evaluate("window.kept.filter(el => !el.isConnected).map(el => el.outerHTML.slice(0, 80))")
    assert gone == [], "the bars of the three that are in trouble, too: only today's of them has grown"


def test_what_is_ticked_in_the_choice_is_not_lost(browser, site):
    tab = site.open(browser, "/")
    tab.get_by_role("button", name="Only some components").click()
    box = tab.locator(".picker").get_by_role("checkbox", name="Claude.ai", exact=True)
    box.check()
    site.pages = a_third_incident()
    tab.clock.run_for(40_000)
    expect(tab.locator(".summary")).to_contain_text("2 more incidents elsewhere.")
    expect(box).to_be_checked()
    expect(box).to_be_focused()


def test_a_tab_in_the_background_follows_with_its_title_and_its_picture(browser):
    leaves = ten_components()
    open_the_incident(leaves, components=[ComponentChange(leaves[0].pk, Level.DEGRADED_PERFORMANCE)])
    site = SecureSite(every_page(truth_at("15:10")))
    tab = site.open(browser, "/")
    tab.clock.run_for(40_000)
    icon = tab.locator("link[rel=icon]").get_attribute("href")
    tab.evaluate("""() => {
        Object.defineProperty(document, "hidden", { get: () => window.away, configurable: true });
        window.away = true;
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    site.pages = a_third_incident(10)
    tab.clock.run_for(200_000)
    expect(tab).to_have_title("Major System Outage · Claude Status")
    assert tab.locator("link[rel=icon]").get_attribute("href") != icon
    tab.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(tab).to_have_title("Claude Status")


def test_a_new_update_above_the_one_that_is_read_leaves_it_in_its_place(browser, site):
    incident = next(row for row in truth_at("15:10").open_incidents if row.title == "Sign-in fails")
    model = Incident.objects.get(pk=incident.number)
    for minute in range(2, 8):
        post_update(model, body="Paragraph.\n\n" * 12, now=utc(f"2026-06-23 15:0{minute}"))
    site.pages = every_page(truth_at("15:10"))
    tab = settled(site, browser, f"{incident.url_path}#only=claude-ai")
    third = tab.locator(".update").nth(3)
    third.locator("h3").evaluate("el => window.scrollTo(0, el.getBoundingClientRect().top + scrollY - 100)")
    before = third.bounding_box()["y"]
    tab.evaluate(WATCH)
    post_update(model, "identified", body="It is the router.", now=utc("2026-06-23 15:11"))
    site.pages = every_page(truth_at("15:12"))
    tab.clock.run_for(40_000)
    expect(tab.locator("#live")).to_contain_text("It is the router.")
    tab.wait_for_timeout(200)
    assert abs(tab.locator(".update").nth(4).bounding_box()["y"] - before) < 1
    assert sum(tab.evaluate("window.shifts")) == 0
