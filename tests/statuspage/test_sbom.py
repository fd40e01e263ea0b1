"""The bill of materials names every locked package with its hashes and licence, and is the same for the same lock."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from statuspage import sbom
from tests.live.running import ROOT

LOCK = (ROOT / "requirements.txt").read_text()


def test_every_locked_package_is_named_with_version_hashes_and_licence():
    found = sbom.document(LOCK)
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", found["serialNumber"])
    names = {each["name"] for each in found["components"]}
    assert names == {line.split("==")[0].split("[")[0].lower() for line in LOCK.splitlines() if "==" in line}
    assert {"django", "nh3", "granian", "cryptography"} <= names
    for each in found["components"]:
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        assert each["externalReferences"], each["name"]
        for file in each["externalReferences"]:
            assert re.fullmatch("[0-9a-f]{64}", file["hashes"][0]["content"])
        assert each["licenses"][0]["license"]["name"]
    total = sum(len(each["externalReferences"]) for each in found["components"])
    assert total == LOCK.count("--hash=sha256:")
    unknown = [each["name"] for each in found["components"] if each["licenses"][0]["license"]["name"] == sbom.UNKNOWN]
    assert len(unknown) < 5, f"what is installed here states a licence: {unknown}"


def test_a_package_for_another_platform_has_no_licence_rather_than_a_wrong_one():
    assert sbom.licences("no-such-package-here") == [sbom.UNKNOWN]


def test_the_same_lock_gives_the_same_bytes_without_a_network():
    told = [
        subprocess.run(
            [sys.executable, "-m", "statuspage.sbom", "requirements.txt"],
            cwd=ROOT,
            env={"PATH": "", "https_proxy": "http://127.0.0.1:9", "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert json.loads(told[0])["metadata"]["component"]["name"] == "candor"


def test_every_requirement_is_locked_with_a_hash():
    for file in ("requirements.txt", "requirements-dev.txt", "tests/clients/requirements.txt"):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / file).read_text().strip())
        for block in blocks:
            assert "==" in block.splitlines()[0], (file, block)
            assert "--hash=sha256:" in block, (file, block)
