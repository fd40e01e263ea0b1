"""A browser in front of the composer: signed in, counting every key that goes down."""

from __future__ import annotations

from playwright.sync_api import Page as Tab

# A practised hand: 0.2 s for each key, 60 words a minute. Playwright takes no such time, so it is added.
SECONDS_A_KEY = 0.2
COUNT = """() => { if (window.counting) return; window.counting = true; addEventListener("keydown", (event) => {
  if (!event.repeat) sessionStorage.setItem("keys", +(sessionStorage.getItem("keys") || 0) + 1);
}, true); }"""


def signed_in_at(tab: Tab, site: str) -> Tab:
    """The tab, on the overview, with the person of `responder` signed in."""
    tab.goto(f"{site}/console/")
    tab.get_by_label("Username").fill("maria")
    tab.get_by_label("Password").fill("correct horse battery")
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{site}/console/")
    return tab


class Keys:
    """Presses keys and counts what the page itself hears of them: each `keydown`, modifiers too."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        tab.add_init_script(f"({COUNT})()")
        tab.evaluate(COUNT)
        tab.evaluate("sessionStorage.removeItem('keys')")

    def press(self, *keys: str) -> None:
        """Press each key (or chord), one after the other."""
        for key in keys:
            self._tab.keyboard.press("Space" if key == " " else key)

    def type(self, text: str) -> None:
        """Type a text, key by key."""
        self._tab.keyboard.type(text)

    def count(self) -> int:
        """How many keys went down since the beginning."""
        return int(self._tab.evaluate("sessionStorage.getItem('keys')"))
