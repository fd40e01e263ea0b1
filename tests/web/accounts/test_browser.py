"""Passkeys, codes and the pages of accounts in a real browser, with an authenticator of its own (CDP)."""

from __future__ import annotations

import os

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import expect

from tests.looking import violations
from tests.web.accounts.account_world import PASSWORD, code_of, somebody, verbs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def tab(page, live_server):
    """A tab on the sign-in page of an administrator, with a virtual authenticator; nothing may break the policy."""
    cache.clear()
    somebody(is_superuser=True)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # WebAuthn is bound to a name: an address in numbers has no passkeys.
    page.home = live_server.url.replace("127.0.0.1", "localhost")
    page.goto(f"{page.home}/console/sign-in")
    yield page
    assert [said for said in complaints if "403 (Forbidden)" not in said and "422" not in said] == []


def by_password(tab):
    tab.get_by_label("Username").fill("noor")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(tab):
    tab.locator(".menu summary", has_text="noor").click()
    tab.get_by_role("button", name="Sign out").click()
    tab.wait_for_url("**/console/sign-in")


def test_a_passkey_is_added_signs_in_alone_and_proves_who_one_is(tab, settings):
    by_password(tab)
    tab.wait_for_url(f"{tab.home}/console/")
    tab.goto(f"{tab.home}/console/account")
    tab.get_by_role("link", name="Add a passkey").click()
    tab.get_by_label("Name").fill("My laptop")
    tab.get_by_role("button", name="Add it").click()
    tab.wait_for_url("**/console/account/codes")
    expect(tab.locator(".codes li")).to_have_count(10)
    tab.get_by_role("link", name="I have kept them").click()
    expect(tab.get_by_text("My laptop").first).to_be_visible()
    sign_out(tab)

    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.wait_for_url(f"{tab.home}/console/")
    assert verbs()[-1] == "account.signed_in"

    settings.PROOF_MINUTES = 0
    tab.goto(f"{tab.home}/console/tokens/make")
    tab.get_by_role("textbox", name="Name").fill("robot")
    tab.get_by_label("Read everything").check()
    tab.get_by_role("button", name="Make it").click()
    expect(tab.get_by_role("heading", name="Is it you?")).to_be_visible()
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.get_by_text("robot").first).to_be_visible()
    assert "token.made" in verbs()

    settings.PROOF_MINUTES = 5
    tab.goto(f"{tab.home}/console/account")
    tab.get_by_role("link", name="Remove My laptop").click()
    tab.get_by_role("button", name="Remove it").click()
    tab.wait_for_url("**/console/account")
    assert Authenticator.objects.count() == 0


def test_a_passkey_is_a_second_factor_after_a_password(tab):
    by_password(tab)
    tab.wait_for_url(f"{tab.home}/console/")
    tab.goto(f"{tab.home}/console/account/passkeys/add")
    tab.get_by_role("button", name="Add it").click()
    tab.wait_for_url("**/console/account/codes")
    sign_out(tab)
    by_password(tab)
    tab.wait_for_url("**/sign-in/factor")
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url(f"{tab.home}/console/")


def test_an_app_is_set_up_and_its_codes_and_a_recovery_code_let_in(tab):
    by_password(tab)
    tab.wait_for_url(f"{tab.home}/console/")
    tab.goto(f"{tab.home}/console/account")
    tab.get_by_role("link", name="Set up an app").click()
    expect(tab.locator("img.qr")).to_be_visible()
    secret = tab.locator(".secret").inner_text()
    tab.get_by_label("Authenticator code").fill(code_of(secret))
    tab.get_by_role("button", name="Set it up").click()
    tab.wait_for_url("**/console/account/codes")
    codes = tab.locator(".codes code").all_inner_texts()
    sign_out(tab)
    by_password(tab)
    tab.wait_for_url("**/sign-in/factor")
    tab.get_by_label("Code").fill(code_of(secret, 1))  # the one of now was used to set it up
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{tab.home}/console/")
    sign_out(tab)
    by_password(tab)
    tab.wait_for_url("**/sign-in/factor")
    tab.get_by_label("Code").fill(codes[0])
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{tab.home}/console/")
    tab.goto(f"{tab.home}/console/account")
    expect(tab.get_by_text("9 of 10 are left")).to_be_visible()


@pytest.mark.slow
def test_no_page_of_accounts_breaks_a_rule_of_accessibility_in_either_theme_or_width(tab, settings):
    found = {}

    def look(name):
        for width in (375, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            if rows := violations(tab, RULES):
                found[name, width] = rows
            if folder := os.environ.get("LOOK_AT"):
                for theme in ("light", "dark"):
                    tab.emulate_media(color_scheme=theme)
                    tab.screenshot(path=f"{folder}/{name}-{width}-{theme}.png", full_page=True)

    look("sign-in")
    tab.get_by_label("Username").fill("noor")
    tab.get_by_label("Password").fill("wrong")
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Password")).to_have_value("")  # the answer is there
    look("sign-in-refused")
    tab.goto(f"{tab.home}/console/reset-password")
    look("reset")
    tab.get_by_label("E-mail").fill("noor@example.org")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    look("reset-asked")
    tab.goto(f"{tab.home}/console/sign-in")
    by_password(tab)
    tab.wait_for_url(f"{tab.home}/console/")
    for name, path in (("passkey-add", "passkeys/add"), ("app", "app/add")):
        tab.goto(f"{tab.home}/console/account/{path}")
        look(name)
    secret = tab.locator(".secret").inner_text()
    tab.get_by_label("Authenticator code").fill(code_of(secret))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/console/account/codes")
    look("codes")
    tab.goto(f"{tab.home}/console/account/passkeys/add")
    tab.get_by_role("button", name="Add it").click()
    tab.wait_for_url("**/console/account")
    look("account")
    key = Authenticator.objects.get(type="webauthn").pk
    for name, path in (
        ("passkey-edit", f"account/passkeys/{key}/edit"), ("passkey-remove", f"account/passkeys/{key}/remove"),
        ("app-remove", "account/app/remove"), ("codes-make", "account/codes/make"), ("password", "change-password"),
    ):  # fmt: skip
        tab.goto(f"{tab.home}/console/{path}")
        look(name)
    settings.PROOF_MINUTES = 0
    tab.goto(f"{tab.home}/console/account/app/remove")
    look("prove")
    settings.PROOF_MINUTES = 5
    tab.goto(f"{tab.home}/console/account")
    sign_out(tab)
    by_password(tab)
    tab.wait_for_url("**/sign-in/factor")
    look("factor")
    assert found == {}
