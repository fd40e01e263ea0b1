"""No connection, a server that fails, an answer that gets lost: no letter is lost and nothing is posted twice."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from incidents.models import Draft, Incident
from tests.composer_world import signed_in_at
from tests.factories import make_component, open_incident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SOON = 15_000  # ms; two cores may be busy


@pytest.fixture
def incident(db):
    return open_incident(make_component("API"), title="Errors")


@pytest.fixture
def tab(page, live_server, responder, incident):
    signed_in_at(page, live_server.url)
    page.goto(f"{live_server.url}/console/incidents/{incident.code}/update")
    return page


def write(tab, text="My own words."):
    tab.get_by_label("Update", exact=True).fill(text)


def post(tab):
    tab.keyboard.press("Control+Enter")


def text_of(tab):
    return tab.get_by_label("Update", exact=True)


def posted(tab):
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)


def bodies(incident):
    return [row.body for row in incident.updates.all()][1:]


def test_offline_it_says_so_keeps_every_letter_and_posts_once_when_there_is_a_connection(tab, incident):
    write(tab)
    tab.context.set_offline(True)
    post(tab)
    box = tab.locator("#unposted")
    expect(box).to_contain_text("Not posted yet: there is no connection.")
    expect(box).to_contain_text("Nothing is lost")
    expect(box).to_contain_text("tried again by itself")
    expect(text_of(tab)).to_have_value("My own words.")
    text_of(tab).press_sequentially(" And more.")
    tab.context.set_offline(False)
    posted(tab)
    assert bodies(incident) == ["My own words. And more."]
    assert not Draft.objects.exclude(fields={}).exists()
    assert tab.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:'))") == []


def test_it_does_not_post_by_itself_where_the_person_says_no(tab, incident):
    write(tab)
    tab.context.set_offline(True)
    post(tab)
    tab.get_by_role("button", name="Do not try by itself").click()
    tab.context.set_offline(False)
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    assert bodies(incident) == []
    tab.get_by_role("button", name="Try again").click()
    posted(tab)
    assert bodies(incident) == ["My own words."]


def test_an_answer_that_got_lost_and_another_press_make_one_update(tab, incident):
    write(tab)

    def lose(route):
        if "step=post" not in (route.request.post_data or ""):
            return route.continue_()
        assert route.fetch().status == 201, "the server really took it"
        return route.fulfill(status=500, body="lost")

    tab.route("**/update", lose)
    post(tab)
    expect(tab.locator("#unposted")).to_contain_text("the server made a mistake", timeout=SOON)
    expect(text_of(tab)).to_have_value("My own words.")
    assert bodies(incident) == ["My own words."]
    tab.unroute("**/update")
    tab.get_by_role("button", name="Try again").click()
    posted(tab)
    assert bodies(incident) == ["My own words."]


def test_an_answer_that_got_lost_and_a_changed_text_is_a_conflict_that_shows_what_was_posted(tab, incident):
    write(tab)

    def lose(route):
        if "step=post" not in (route.request.post_data or ""):
            return route.continue_()
        route.fetch()
        return route.abort()

    tab.route("**/update", lose)
    post(tab)
    expect(tab.locator("#unposted")).to_be_visible(timeout=SOON)
    tab.get_by_role("button", name="Do not try by itself").click()
    tab.unroute("**/update")
    text_of(tab).press_sequentially(" Changed.")
    post(tab)
    expect(tab.get_by_text("Posted while you were writing")).to_be_visible(timeout=SOON)
    expect(text_of(tab)).to_have_value("My own words. Changed.")
    assert bodies(incident) == ["My own words."]
    post(tab)
    posted(tab)
    assert bodies(incident) == ["My own words.", "My own words. Changed."]


def test_a_session_that_ended_in_mid_write_takes_nothing(tab, incident, live_server):
    write(tab)
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    tab.context.clear_cookies()
    text_of(tab).press_sequentially(" More.")
    expect(tab.locator("#unposted")).to_contain_text("you are signed out", timeout=SOON)
    expect(text_of(tab)).to_have_value("My own words. More.")
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Sign in again").click()
    other = opened.value
    other.get_by_label("Username").fill("maria")
    other.get_by_label("Password").fill("correct horse battery")
    other.keyboard.press("Enter")
    other.wait_for_url("**/update")
    expect(text_of(other)).to_have_value("My own words. More.")
    other.close()
    tab.get_by_role("button", name="Try again").click()
    posted(tab)
    assert bodies(incident) == ["My own words. More."]


def test_the_draft_of_one_device_is_on_the_other_and_the_newest_words_win(tab, incident, browser, live_server):
    write(tab, "On the laptop")
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    phone = signed_in_at(browser.new_context().new_page(), live_server.url)
    phone.goto(tab.url)
    expect(text_of(phone)).to_have_value("On the laptop")
    expect(phone.get_by_text("Your draft was restored.")).to_be_visible()
    text_of(phone).fill("On the phone")
    expect(phone.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    text_of(tab).press_sequentially("!")
    expect(tab.locator("#draft-other")).to_contain_text("another text of yours", timeout=SOON)
    tab.get_by_role("button", name="Show the other text").click()
    expect(text_of(tab)).to_have_value("On the phone")
    tab.get_by_role("button", name="Show the other text").click()
    expect(text_of(tab)).to_have_value("On the laptop!")
    phone.context.close()


def test_two_tabs_of_one_form_post_once_each_text(tab, incident):
    write(tab, "From the first")
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    second = tab.context.new_page()
    second.goto(tab.url)
    expect(text_of(second)).to_have_value("From the first")
    post(second)
    posted(second)
    expect(tab.locator("#saved")).to_contain_text("another tab")
    post(tab)
    posted(tab)
    assert bodies(incident) == ["From the first"], "the same text under the same key is the same post"


def test_discarding_empties_the_form_here_and_on_the_server(tab, incident):
    write(tab)
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    tab.reload()
    tab.get_by_role("button", name="Discard it").click()
    expect(tab.get_by_text("The draft was discarded.")).to_be_visible()
    expect(text_of(tab)).to_have_value("")
    assert not Draft.objects.exclude(fields={}).exists()
    assert Incident.objects.count() == 1
