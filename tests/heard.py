"""What a screen reader is given: the accessibility tree of the browser, as lines."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page as Tab

# Boxes without a word of their own, and what stands in a line of text.
UNSAID = ("generic", "none", "InlineTextBox", "RootWebArea", "LineBreak", "ListMarker", "paragraph", "time", "strong")
INLINE = ("emphasis", "superscript", "insertion", "deletion", "term", "definition", "rowgroup", "LayoutTable")
# Their name is all there is to say of them.
WHOLE = ("image", "img", "link", "button", "heading", "DisclosureTriangle", "columnheader", "rowheader", "cell", "code")


def heard(tab: Tab, selector: str = "body") -> list[str]:
    """What is said of the first element that meets a selector: each element as `role name`, texts as they are."""
    client = tab.context.new_cdp_session(tab)
    root = client.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    node = client.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    start = client.send("DOM.describeNode", {"nodeId": node})["node"]["backendNodeId"]
    nodes = {row["nodeId"]: row for row in client.send("Accessibility.getFullAXTree")["nodes"]}
    client.detach()
    first = next(row for row in nodes.values() if row.get("backendDOMNodeId") == start)
    found: list[str] = [""]
    _say(first, nodes, found)
    return [line for line in (" ".join(each.removeprefix("\0").split()) for each in found) if line]


def _say(row: dict[str, Any], nodes: dict[str, dict[str, Any]], found: list[str]) -> None:
    role, name = row.get("role", {}).get("value", ""), row.get("name", {}).get("value", "")
    if role == "StaticText":
        if not found[-1].startswith("\0"):
            found.append("\0")
        found[-1] += name
        return
    is_said = not row.get("ignored") and role not in (*UNSAID, *INLINE)
    if is_said:
        found.append(f"{role} {name}")
    elif role in ("paragraph", "definition", "term"):
        found.append("")
    if not (is_said and role in WHOLE):
        for child in row.get("childIds", []):
            if child in nodes:
                _say(nodes[child], nodes, found)
    if is_said or role in ("paragraph", "definition", "term"):
        found.append("")
