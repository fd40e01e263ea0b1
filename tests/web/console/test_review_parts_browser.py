"""The forms of a review's parts in a real browser: no rule of accessibility broken, nothing wider than the screen."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User

from tests.parts_world import a_change, a_factor, a_phase, a_review, a_role, an_entry

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.mark.parametrize(("scheme", "width"), [("light", 375), ("dark", 1280)])
def test_every_form_is_fit_for_everybody_with_all_its_groups_unfolded(browser, live_server, scheme, width):
    user = User.objects.create_user("noor", password="correct horse battery")
    user.groups.set([Group.objects.get_or_create(name="author")[0]])
    review, change = a_review(), a_change()
    role, phase = a_role(review, change), a_phase(review)
    entry = an_entry(review, phase_id=phase.pk)
    factor = a_factor(review, entry_refs=[f"entry:{entry.pk}"], change_ids=[change.pk])
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto("/console/")
    page.get_by_label("Username").fill("noor")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/console/")
    found = {}
    for path in (
        "entries/add", f"entries/{entry.pk}/edit", f"entries/{entry.pk}/remove", "phases/add", "redactions/add",
        "changes/add", f"changes/{change.code}/edit", "changes/link", f"roles/{role.pk}/unlink", "factors/add",
        f"factors/{factor.pk}/edit",
    ):  # fmt: skip
        page.goto(f"/console/reviews/{review.code}/{path}")
        page.evaluate("document.querySelectorAll('details.more').forEach((each) => { each.open = true; })")
        result = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        broken = [(row["id"], row["nodes"][0]["html"][:120]) for row in result.response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            broken.append(("too wide", ""))
        if broken:
            found[path] = broken
    context.close()
    assert found == {}
