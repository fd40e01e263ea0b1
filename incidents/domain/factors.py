"""The taxonomy of contributing factors: families and codes.

There is no code for a person's error: what a person could do wrong, a system let happen. Codes are never used again
for another meaning; an installation adds its own as rows (`FactorCode`), under one of these families or its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from incidents.domain.marking import gettext_noop as _

FAMILIES: Mapping[str, str] = {
    "CHG": _("Change control"),
    "LAT": _("Latent defect"),
    "DEP": _("Dependency"),
    "LOD": _("Load"),
    "TST": _("Assurance"),
    "DET": _("Detection and diagnosis"),
    "RSP": _("Response"),
    "COM": _("Communication"),
    "ORG": _("Organisation"),
}

CODES: Mapping[str, str] = {
    "CHG-1": _("A change reached everything at once"),
    "CHG-2": _("Configuration or data was not checked as code is"),
    "CHG-3": _("A new path had no flag and no switch to turn it off"),
    "CHG-4": _("The gate could not see a failure that comes later"),
    "CHG-5": _("The validator itself was wrong"),
    "CHG-6": _("The last known good state was spoilt already"),
    "CHG-7": _("A guarding tool was defective"),
    "CHG-8": _("The change went to the wrong target"),
    "CHG-9": _("A behaviour or a default changed unannounced"),
    "CHG-10": _("Urgency went past the normal path"),
    "LAT-1": _("A path that is rarely used"),
    "LAT-2": _("A race"),
    "LAT-3": _("A hard limit was reached"),
    "LAT-4": _("Mixed versions did not agree"),
    "LAT-5": _("An earlier workaround had hidden it"),
    "DEP-1": _("Serving needed the control plane"),
    "DEP-2": _("The tools of recovery shared the fate"),
    "DEP-3": _("A third party failed"),
    "DEP-4": _("Regions depended on one another unseen"),
    "DEP-5": _("A safety mechanism acted everywhere"),
    "DEP-6": _("A separation held, and kept it from spreading"),
    "LOD-1": _("Everything came back at the same moment"),
    "LOD-2": _("Congestion fed itself"),
    "LOD-3": _("Automatic failover took healthy capacity away or overwhelmed it"),
    "LOD-4": _("Diagnostics made the load worse"),
    "LOD-5": _("A backlog remained after the recovery"),
    "TST-1": _("The test environment was not at scale"),
    "TST-2": _("Evaluation missed what people see"),
    "TST-3": _("The roll-back had never been exercised"),
    "DET-1": _("No alert, or a late one"),
    "DET-2": _("Caches hid it"),
    "DET-3": _("A coincidence misled"),
    "DET-4": _("Users told us first"),
    "DET-5": _("Faults overlapped"),
    "RSP-1": _("No rehearsed procedure"),
    "RSP-2": _("Responders were locked out"),
    "RSP-3": _("A mitigation did harm"),
    "RSP-4": _("It was unclear who owned it"),
    "COM-1": _("The status channel shared the fate"),
    "COM-2": _("The first public word came late"),
    "COM-3": _("Affected customers could not be reached"),
    "ORG-1": _("A known remedy was not finished"),
    "ORG-2": _("Teams understood it differently"),
    "ORG-3": _("A control for privacy or security slowed the diagnosis"),
}


def family_of(code: str) -> str:
    """The name of the family of a code (`CHG-2`), to be translated; its prefix where it is an installation's own."""
    prefix = code.partition("-")[0]
    return FAMILIES.get(prefix, prefix)
