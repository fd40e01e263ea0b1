"""The composer against a real installation that is killed while somebody posts, and started again."""

from __future__ import annotations

import json
import os
import signal

import pytest
from playwright.sync_api import expect

from tests.live.running import Running, until

pytestmark = [pytest.mark.browser, pytest.mark.alone]
SOON = 60_000


@pytest.fixture
def instance(tmp_path):
    found = Running(tmp_path)
    found.start()
    yield found
    found.stop()


def kill(instance: Running) -> None:
    """End everything of it at once, as a machine that loses its power does."""
    os.killpg(instance.process.pid, signal.SIGKILL)
    instance.process.wait(20)
    until(lambda: _is_deaf(instance), 20, "the port is free")


def _is_deaf(instance: Running) -> bool:
    try:
        instance.get("/healthz")
    except Exception as error:
        return "refused" in str(error).lower()
    return False


def mails(instance: Running) -> list[str]:
    folder = instance.folder / "mail"
    return [file.read_text() for file in folder.glob("*.eml")] if folder.is_dir() else []


def test_a_server_that_dies_in_mid_post_loses_no_letter_and_posts_once(instance, browser):
    login = json.loads((instance.folder / "demo.json").read_text())
    tab = browser.new_page()
    tab.goto(f"{instance.url}/console/")
    tab.get_by_label("Username").fill(login["username"])
    tab.get_by_label("Password").fill(login["password"])
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{instance.url}/console/")
    tab.get_by_role("link", name="Post an update").first.click()
    text = tab.get_by_label("Update", exact=True)
    text.fill("Written while the server died.")
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    text.press_sequentially(" And after.")
    kill(instance)
    tab.keyboard.press("Control+Enter")
    expect(tab.locator("#unposted-reason")).to_have_text("the server did not answer.", timeout=SOON)
    expect(text).to_have_value("Written while the server died. And after.")
    instance.lines.clear()
    instance.start()
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)
    expect(tab.locator(".update", has_text="Written while the server died. And after.")).to_have_count(1)
    tab.close()
    # Subscribers are told once the seconds to undo are over, across the restart too.
    until(lambda: any("Written while the server died" in mail for mail in mails(instance)), 60, "told")
