"""What was published stays byte for byte: nothing but publication and retraction writes a version."""

from __future__ import annotations

import ast

import pytest
from django.db.models import ProtectedError

from incidents.chain.verification import verify
from incidents.models import ReviewVersion
from tests.test_architecture import ROOT, SOURCES
from tests.workflow_world import published

WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "add", "set"}
MAY_WRITE = {"incidents/actions/review_versions.py", "incidents/actions/review_retraction.py"}


def writes_versions(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    told = {n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)}
    told |= {n.attr for n in ast.walk(call.func) if isinstance(n, ast.Attribute)}
    return bool(told & {"ReviewVersion", "versions"})


def test_nothing_but_publication_and_retraction_writes_a_version():
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and writes_versions(node)
    }
    assert found <= MAY_WRITE
    makers = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ReviewVersion"
    }
    assert makers == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"page": "<p>Other</p>"}, {"document": "{}"}, {"sha256": "0" * 64}, {"reason": "Another"}]
)
def test_a_version_that_was_changed_behind_the_programs_back_is_found(change):
    published()
    assert verify().findings == []
    ReviewVersion.objects.update(**change)
    assert verify().findings != []


@pytest.mark.django_db
def test_a_published_review_cannot_be_deleted():
    with pytest.raises(ProtectedError):
        published().delete()
    assert ReviewVersion.objects.count() == 1
