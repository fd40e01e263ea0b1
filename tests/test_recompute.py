"""Anybody can recompute a verdict from its evidence file alone, with a script of a few lines."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from incidents.actions import agreement as actions
from incidents.counting.signing import evidence_of, public_key
from incidents.domain.canonical import canonical
from incidents.models import Verdict
from tests.agreement_world import JULY, agree, reference, second_vector
from tests.conftest import needs
from tests.factories import MARIA, utc

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).parent.parent / "docs" / "recompute.py"
POLICIES = [
    {},
    {"clock": "first_post"},
    {"weight_after_monitoring": "0.3"},
    {"weight_after_monitoring": "0", "clock": "first_post"},
    {"region_rule": "mean", "component_rule": "mean", "weight_partial": "0.5"},
    {"is_maintenance_excluded": False},
    {"maintenance_notice_hours": 48},
    {"is_quality_counted": True},
]


def recompute(evidence: dict, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "evidence.json"
    file.write_text(json.dumps(evidence))
    # -I: nothing of this project can be imported.
    return subprocess.run([sys.executable, "-I", str(SCRIPT), str(file)], capture_output=True, text=True, timeout=30)


def issued() -> dict:
    assert actions.issue_due_verdicts(JULY) == 1
    row = Verdict.objects.get()
    return evidence_of(row.document, row.signature, row.public_key)


@pytest.mark.parametrize("given", POLICIES, ids=str)
def test_the_script_agrees_on_the_second_vector(given, tmp_path):
    agree(second_vector(), **given)
    done = recompute(issued(), tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("given", POLICIES, ids=str)
def test_the_script_agrees_on_the_scenario_with_an_exclusion(given, tmp_path):
    agreement = agree(*reference(3), **given)
    actions.grant_exclusion(
        actor=MARIA, agreement_id=agreement.pk, started_at=utc("2026-06-23 15:00"), reason="By contract.",
        ended_at=utc("2026-06-23 15:10:30"), now=utc("2026-06-24 10:00"),
    )  # fmt: skip
    evidence = issued()
    assert float(evidence["document"]["exclusions"][0]["saved_seconds"]) == 630
    done = recompute(evidence, tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_script_sees_what_was_tampered_with(tmp_path):
    agree(*reference())
    evidence = issued()
    evidence["document"]["counted_seconds"] = "12900"
    assert recompute(evidence, tmp_path).returncode == 1
    evidence = {**evidence, "document": {**evidence["document"], "counted_seconds": "13500", "percent": "99.500"}}
    assert recompute(evidence, tmp_path).returncode == 1


def test_the_signature_is_checked_by_the_commands_of_the_document(tmp_path):
    agree(*reference())
    commands = (SCRIPT.parent / "evidence.md").read_text().split("## Check the signature")[1]
    lines = [line[4:] for line in commands.splitlines() if line.startswith("    ")]

    def check(evidence: dict) -> str:
        (tmp_path / "evidence.json").write_text(json.dumps(evidence))
        script = "\n".join(lines)
        return subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30).stdout

    needs(shutil.which("openssl") is not None, "openssl")
    evidence = issued()
    assert "Signature Verified Successfully" in check(evidence)
    evidence["document"]["verdict"] = "met"
    assert "Signature Verified Successfully" not in check(evidence)


def test_the_script_is_short_and_needs_nothing_but_python():
    code = [line for line in SCRIPT.read_text().splitlines() if line and not line.startswith(("#", '"""'))]
    assert len(code) <= 20
    assert "import incidents" not in "".join(code)


def test_evidence_keeps_the_key_that_it_was_signed_with(settings):
    agree(second_vector())
    issued()
    settings.SECRET_KEY = "another secret, by which nothing was signed yet"
    row = Verdict.objects.get()
    evidence = evidence_of(row.document, row.signature, row.public_key)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(evidence["public_key"]))
    key.verify(base64.b64decode(evidence["signature"]), canonical(evidence["document"]))
    assert public_key() != evidence["public_key"]
