"""What is asked of every page in a browser: by axe in both themes, of the keyboard, of a narrow window with large text,
and of whoever wants no motion. One visit."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page as Tab
from playwright.sync_api import ViewportSize

from tests.looking import violations

RULES: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 640}

# Text as large as a reader may set it (WCAG 2.2, 1.4.12), by a sheet that the policy of the page does not see.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
UNSPACED = "() => { document.adoptedStyleSheets = [] }"
OPEN_ALL = "() => document.querySelectorAll('main details').forEach(each => { each.open = true })"

# Texts that end before they are told: cut off by an edge that neither scrolls nor says so by three dots.
CUT = """() => [...document.querySelectorAll('body *')].filter(el => {
  const style = getComputedStyle(el);
  const isCut = /hidden|clip/.test(style.overflowX + style.overflowY);
  if (!isCut || style.clipPath != 'none' || el.matches('svg *, input, textarea, select')) return false;
  if (style.textOverflow == 'ellipsis' && el.title) return false;
  return el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 1;
}).map(el => el.outerHTML.slice(0, 120))"""

# What makes a page wider than its window, innermost last.
SIDEWAYS = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter(el => el.getBoundingClientRect().right > innerWidth + .5 || el.getBoundingClientRect().left < -.5)
  .filter(el => !el.closest('.scroll, .unseen, .for-readers, .skip, svg'))
  .map(el => document.documentElement.scrollWidth + ' px: ' + el.outerHTML.slice(0, 100)).slice(-3)"""

# What the key reaches, in the order of the page.
REACHED = """[...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]'
)].filter(el => el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length
  && !el.disabled && !el.closest('dialog'))"""

# Every element that takes the focus is focused: it must show that, and nothing may lie over it (2.4.7, 2.4.11).
FOCUS = """() => {
  const wrong = [];
  const marked = el => { const s = getComputedStyle(el);
    return s.outlineStyle != 'none' && parseFloat(s.outlineWidth) >= 2 || s.outlineStyle == 'auto'; };
  for (const el of REACHED) {
    el.focus();
    if (document.activeElement != el) { wrong.push('not reached: ' + el.outerHTML.slice(0, 120)); continue }
    const around = el.closest('label, .choice');
    if (!marked(el) && !(around && marked(around))) wrong.push('not shown: ' + el.outerHTML.slice(0, 120));
    const box = el.getClientRects()[0], over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const covers = over && !el.contains(over) && !over.contains(el) && !over.closest('label')?.contains(el);
    const isSticky = over && ['fixed', 'sticky'].includes(getComputedStyle(over).position);
    if (covers && isSticky) wrong.push('covered: ' + el.outerHTML.slice(0, 120));
  }
  return wrong;
}""".replace("REACHED", REACHED)

# Walk from the top with the key alone, as often as there are stops, and hear at which one arrives (2.1.1, 2.1.2).
LISTEN = """() => {
  document.activeElement?.blur();
  getSelection().removeAllRanges();
  window.stops = [];
  document.addEventListener('focusin', event => stops.push(event.target));
}"""
# One of several radio buttons stands for all of them, and what scrolls is a stop of its own.
STOPS = """() => {
  const groups = new Set();
  return REACHED.filter(el => {
    if (el.tabIndex < 0) return false;
    if (el.type != 'radio') return true;
    const isNew = !groups.has(el.name);
    groups.add(el.name);
    return isNew;
  });
}""".replace("REACHED", REACHED)
MISSED = f"""() => {{
  const radio = el => el.type == 'radio' && el.name, walked = new Set(stops.map(el => radio(el) || el));
  return ({STOPS})().filter(el => !walked.has(radio(el) || el)).map(el => 'not walked: ' + el.outerHTML.slice(0, 99));
}}"""

# Nothing moves for whoever asked for that.
MOVING = """() => [...document.querySelectorAll('*')].flatMap(el => ['', '::before', '::after'].map(part => [el, part]))
  .filter(([el, part]) => { const s = getComputedStyle(el, part || null);
    return s.transitionDuration.split(',').some(each => parseFloat(each) > .001) || s.animationName != 'none'; })
  .map(([el, part]) => el.outerHTML.slice(0, 80) + part)
  .concat(document.getAnimations().map(String))"""


def faults(tab: Tab) -> list[str]:
    """What is wrong with the page that a tab shows, in a window of NARROW and one of WIDE."""
    tab.evaluate(OPEN_ALL)
    found = [f"axe {theme} {rule}: {' '.join(nodes)}" for theme, rule, nodes in violations(tab, RULES)]
    tab.keyboard.press("Tab")  # from here on focus is that of a keyboard
    found += tab.evaluate(FOCUS)
    tab.emulate_media(forced_colors="active")
    found += [f"forced colours: {each}" for each in tab.evaluate(FOCUS)]
    tab.emulate_media(forced_colors="none")
    found += _walk(tab)
    found += [f"moves: {each}" for each in tab.evaluate(MOVING)]
    tab.set_viewport_size(NARROW)  # 1280 px at 400 %
    found += _sideways(tab, "narrow")
    tab.evaluate(SPACED)
    found += _sideways(tab, "spaced")
    found += [f"cut off: {each}" for each in tab.evaluate(CUT)]
    tab.evaluate(UNSPACED)
    tab.set_viewport_size(WIDE)
    return found


def _walk(tab: Tab) -> list[str]:
    tab.evaluate(LISTEN)
    missed: list[str] = []
    for _round in range(3):  # dates have several stops, what scrolls has one: some pages want more presses than stops
        for _stop in range(tab.evaluate(f"({STOPS})().length") + 2):
            tab.keyboard.press("Tab")
        missed = tab.evaluate(MISSED)
        if not missed:
            break
    return missed


def _sideways(tab: Tab, how: str) -> list[str]:
    found: list[str] = tab.evaluate(SIDEWAYS)
    return [f"{how}: {each}" for each in found]
