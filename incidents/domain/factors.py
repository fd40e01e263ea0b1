"""The taxonomy of contributing factors: families and codes.

There is no code for a person's error: what a person could do wrong, a system let happen. Codes are never used again
for another meaning; an installation adds its own as rows (`FactorCode`), under one of these families or its own.
"""

from __future__ import annotations

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "CHG": "Change control",
    "LAT": "Latent defect",
    "DEP": "Dependency",
    "LOD": "Load",
    "TST": "Assurance",
    "DET": "Detection and diagnosis",
    "RSP": "Response",
    "COM": "Communication",
    "ORG": "Organisation",
}

CODES: Mapping[str, str] = {
    "CHG-1": "A change reached everything at once",
    "CHG-2": "Configuration or data was not checked as code is",
    "CHG-3": "A new path had no flag and no switch to turn it off",
    "CHG-4": "The gate could not see a failure that comes later",
    "CHG-5": "The validator itself was wrong",
    "CHG-6": "The last known good state was spoilt already",
    "CHG-7": "A guarding tool was defective",
    "CHG-8": "The change went to the wrong target",
    "CHG-9": "A behaviour or a default changed unannounced",
    "CHG-10": "Urgency went past the normal path",
    "LAT-1": "A path that is rarely used",
    "LAT-2": "A race",
    "LAT-3": "A hard limit was reached",
    "LAT-4": "Mixed versions did not agree",
    "LAT-5": "An earlier workaround had hidden it",
    "DEP-1": "Serving needed the control plane",
    "DEP-2": "The tools of recovery shared the fate",
    "DEP-3": "A third party failed",
    "DEP-4": "Regions depended on one another unseen",
    "DEP-5": "A safety mechanism acted everywhere",
    "DEP-6": "A separation held, and kept it from spreading",
    "LOD-1": "Everything came back at the same moment",
    "LOD-2": "Congestion fed itself",
    "LOD-3": "Automatic failover took healthy capacity away or overwhelmed it",
    "LOD-4": "Diagnostics made the load worse",
    "LOD-5": "A backlog remained after the recovery",
    "TST-1": "The test environment was not at scale",
    "TST-2": "Evaluation missed what people see",
    "TST-3": "The roll-back had never been exercised",
    "DET-1": "No alert, or a late one",
    "DET-2": "Caches hid it",
    "DET-3": "A coincidence misled",
    "DET-4": "Users told us first",
    "DET-5": "Faults overlapped",
    "RSP-1": "No rehearsed procedure",
    "RSP-2": "Responders were locked out",
    "RSP-3": "A mitigation did harm",
    "RSP-4": "It was unclear who owned it",
    "COM-1": "The status channel shared the fate",
    "COM-2": "The first public word came late",
    "COM-3": "Affected customers could not be reached",
    "ORG-1": "A known remedy was not finished",
    "ORG-2": "Teams understood it differently",
    "ORG-3": "A control for privacy or security slowed the diagnosis",
}


def family_of(code: str) -> str:
    """The name of the family of a code (`CHG-2`), or its prefix where the family is an installation's own."""
    prefix = code.partition("-")[0]
    return FAMILIES.get(prefix, prefix)
