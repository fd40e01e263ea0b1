"""The list of what Candor is made of, as CycloneDX 1.5 JSON: `python -m statuspage.sbom requirements.txt > sbom.json`.

Names, versions and hashes are those of the locked requirements, licences those that the installed packages state. Asks
no network and writes no time and no random number, so that the same lock gives the same bytes.
https://cyclonedx.org/docs/1.5/json/
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^ ;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # of object identifiers (RFC 4122, appendix C)
UNKNOWN = "NOASSERTION"


def document(requirements: str) -> dict[str, Any]:
    """The bill of materials of a locked requirements file, given as text."""
    components = [component(*each) for each in pinned(requirements)]
    serial = uuid.uuid5(_NAMESPACE, requirements)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "candor", "bom-ref": "candor"}},
        "components": components,
        "dependencies": [{"ref": "candor", "dependsOn": [each["bom-ref"] for each in components]}],
    }


def pinned(requirements: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and hashes of each locked requirement."""
    found = list(_PINNED.finditer(requirements))
    ends = [match.start() for match in found[1:]] + [len(requirements)]
    for match, end in zip(found, ends, strict=True):
        yield match[1].lower(), match[2], _HASH.findall(requirements[match.start() : end])


def component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    """One package. Each hash is of one of its files (a wheel for one platform, the source): any of them may be used."""
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "licenses": [{"license": {"name": each}} for each in licences(name)],
        "externalReferences": [
            {"type": "distribution", "url": address, "hashes": [{"alg": "SHA-256", "content": each}]} for each in hashes
        ],
    }


def licences(name: str) -> list[str]:
    """What a package says of its licence: the expression, the classifiers, or the first line of the field."""
    try:
        found: Any = metadata.metadata(name)  # a message: its type says less than it does
    except metadata.PackageNotFoundError:  # locked for another platform
        return [UNKNOWN]
    if expression := found.get("License-Expression"):
        return [expression]
    classified = [
        each.rpartition(" :: ")[2] for each in found.get_all("Classifier", []) if each.startswith("License ::")
    ]
    written = (found.get("License") or "").strip().splitlines()
    return [each for each in classified if each != "OSI Approved"] or written[:1] or [UNKNOWN]


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1]).read_text()), sys.stdout, indent=1)
    sys.stdout.write("\n")
