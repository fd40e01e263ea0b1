"""The desk of reviews in a real browser: it saves by itself, two authors lose no word, and it breaks no rule."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from playwright.sync_api import expect

from incidents.models import ReviewSection, SectionRevision
from tests.desk_world import a_review, save

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
THREE = "The first line.\n\nThe second line.\n\nThe third line."


@pytest.fixture
def sign_in(browser, live_server):
    """Opens a browser of its own for somebody with all roles; nothing may go wrong on its console."""
    contexts, complaints = [], []

    def opened(name, **options):
        user = User.objects.create_user(name, password="correct horse battery")
        user.groups.set(Group.objects.get_or_create(name=role)[0] for role in ("author", "approver", "publisher"))
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/console/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("correct horse battery")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/console/")
        return page

    yield opened
    for context in contexts:
        context.close()
    # A conflict and a lost connection are what the tests ask for; the browser and htmx say them too.
    asked_for = ("409 (Conflict)", "ERR_INTERNET", "htmx:afterRequest", "htmx:sendError", "ERR_FAILED")
    assert [said for said in complaints if not any(words in said for words in asked_for)] == []


def box(page):
    return page.locator("#id_body")


def saved(page):
    return page.locator("#saved")


def at(review, key="summary"):
    return f"/console/reviews/{review.code}/sections/{key}"


def test_what_is_typed_is_saved_by_itself_and_shown_as_it_will_be(sign_in):
    review, page = a_review(), sign_in("ada")
    page.goto(at(review))
    box(page).press_sequentially("It took ")
    page.locator(".placeholders summary").click()
    page.locator('[data-insert="{{time_to_resolve}}"]').click()
    expect(page.locator("#live")).to_contain_text("It took 3 h 45 min")
    expect(saved(page)).to_contain_text("Saved")
    assert ReviewSection.objects.get().body == "It took {{time_to_resolve}}"
    box(page).press_sequentially(" in all.")
    page.keyboard.press("Control+s")
    expect(saved(page)).to_have_attribute("data-state", "saved")
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url("**/sections/impact")
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_url("**/sections/summary")
    expect(box(page)).to_have_value("It took {{time_to_resolve}} in all.")
    expect(page.locator("#sections [aria-current] .mark")).to_have_class("mark full")


def test_two_authors_at_once_lose_no_word_and_no_caret(sign_in):
    review = a_review()
    save(review, THREE)
    ada, grace = sign_in("ada"), sign_in("grace")
    ada.goto(at(review))
    grace.goto(at(review))
    box(ada).evaluate("box => { box.focus(); box.setSelectionRange(15, 15); }")
    ada.keyboard.type(" Ada was here.")
    expect(saved(ada)).to_have_attribute("data-state", "saved")
    box(grace).evaluate("box => { box.focus(); box.setSelectionRange(box.value.length, box.value.length); }")
    grace.keyboard.type(" Grace was")
    expect(saved(grace)).to_have_attribute("data-state", "merged", timeout=10_000)
    grace.keyboard.type(" here.")
    merged = "The first line. Ada was here.\n\nThe second line.\n\nThe third line. Grace was here."
    expect(box(grace)).to_have_value(merged)
    expect(saved(grace)).to_have_attribute("data-state", "saved", timeout=10_000)
    ada.keyboard.type("!")
    expect(box(ada)).to_have_value(merged.replace("Ada was here.", "Ada was here.!"), timeout=10_000)
    assert ReviewSection.objects.get().body == merged.replace("Ada was here.", "Ada was here.!")


def test_two_texts_for_the_same_line_stand_side_by_side_until_a_person_chooses(sign_in):
    review = a_review()
    save(review, THREE)
    ada = sign_in("ada")
    ada.goto(at(review))
    save(review, THREE.replace("second", "second, rewritten by Grace,"), seen=1)
    mine = THREE.replace("second", "SECOND")
    box(ada).fill(mine)
    expect(ada.locator("#conflict")).to_be_visible(timeout=10_000)
    expect(ada.locator("#conflict .theirs")).to_contain_text("rewritten by Grace")
    expect(box(ada)).to_have_value(mine)
    assert "rewritten by Grace" in ReviewSection.objects.get().body
    assert SectionRevision.objects.get(is_conflicting=True).body == mine
    found = Axe().run(ada, options={"runOnly": TAGS, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    ada.get_by_role("button", name="Save mine in its place").click()
    ada.wait_for_url("**/sections/summary")
    expect(ada.locator("#conflict")).to_be_hidden()
    assert ReviewSection.objects.get().body == mine
    assert SectionRevision.objects.filter(body__contains="rewritten by Grace").exists()
    ada.goto(f"/console/reviews/{review.code}/history/summary")
    expect(ada.get_by_text("kept apart").first).to_be_visible()


def test_without_a_connection_the_text_stays_in_the_browser_and_is_saved_later(sign_in):
    review, page = a_review(), sign_in("ada")
    page.goto(at(review))
    page.context.set_offline(True)
    box(page).press_sequentially("Half a thought")
    expect(saved(page)).to_have_attribute("data-state", "offline", timeout=10_000)
    assert not ReviewSection.objects.exists()
    page.context.set_offline(False)
    expect(saved(page)).to_have_attribute("data-state", "saved", timeout=10_000)
    assert ReviewSection.objects.get().body == "Half a thought"


def test_a_draft_that_was_not_saved_comes_back_and_is_merged_with_what_came_meanwhile(sign_in):
    review = a_review()
    save(review, THREE)
    page = sign_in("ada")
    page.goto(at(review))
    page.route(
        "**/sections/summary", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    box(page).evaluate("box => { box.focus(); box.setSelectionRange(15, 15); }")
    page.keyboard.type(" Typed at the end of a battery.")
    page.close()
    save(review, THREE.replace("third", "third and last"), seen=1)
    again = page.context.new_page()
    again.goto(at(review))
    expect(saved(again)).to_have_attribute("data-state", "merged", timeout=10_000)
    expect(box(again)).to_have_value(
        "The first line. Typed at the end of a battery.\n\nThe second line.\n\nThe third and last line."
    )
