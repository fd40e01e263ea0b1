"""The style sheet, the script and the policy, for pages that are not in the tree as well."""

from __future__ import annotations

import base64
import hashlib

from django.template import engines

from incidents.publishing import csp


def test_a_page_rendered_outside_the_tree_is_covered_by_the_same_policy():
    blocks = "{% block title %}Mine{% endblock %}{% block content %}<h1>x</h1>{% endblock %}"
    page = engines["django"].from_string('{% extends "public/base.html" %}' + blocks).render({})
    assert "<h1>x</h1>" in page
    assert '<meta name="robots" content="noindex">' in page
    assert "data-live" not in page.split("<main")[1].split(">")[0]
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        inside = page.split(f"<{element}>")[1].split(f"</{element}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in csp.csp()


def test_the_sources_hold_nothing_that_would_end_their_element():
    assert "</" not in csp.style()
    assert "</" not in csp.script()


def test_shrinking_the_style_sheet_keeps_every_rule():
    assert csp.style().count("{") == csp.style().count("}") > 100
    assert "/*" not in csp.style()
    assert "@media (min-width:720px){" in csp.style()
