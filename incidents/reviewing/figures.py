"""The figures of a review: computed from rows, never typed; and the placeholders by which a text names them.

Names: of one incident plain (`time_to_resolve`). Of several, each has a set under its code (`time_to_resolve#ab12`),
and the plain name is that of the first (the order in which they were opened); `incident_duration` and the counts are
over all of them. A figure of a change has the plain name for the first change of the role, in the order of time, and
`exposure_window#<change code>` for each. What is not known is a figure too, without a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.domain.intervals import Interval, worst_by_instant
from incidents.domain.review import Precision, Role
from incidents.domain.status import Level
from incidents.models import ChangeEvent, ImpactInterval, Review
from incidents.models.words import MILESTONES, Word
from incidents.reviewing import lengths
from incidents.reviewing.consequences import Consequence, consequences_of, seconds_of
from incidents.reviewing.gathering import Facts, Known, gather

DURATION, INSTANT, PERCENT, COUNT = "duration", "instant", "percent", "count"
_NAME = re.compile(r"\{\{\s*([a-z0-9_:#.\-]+)\s*\}\}", re.IGNORECASE)
_DOWN = (Level.PARTIAL_OUTAGE, Level.MAJOR_OUTAGE)


@dataclass(frozen=True)
class Figure:
    """One figure. `text` prints it ("" while it is not known), `seconds` is the length, which may be negative.

    `kind`: duration (from `start` to `end`, where it has two ends), instant (`start`), percent, or count. `definition`
    says from what it comes. `is_approximate`: an end of it is known to the hour or the day alone.
    """

    name: str
    label: str
    seconds: int | None
    text: str
    start: datetime | None
    end: datetime | None
    definition: str
    is_approximate: bool = False
    kind: str = DURATION

    @property
    def is_known(self) -> bool:
        """Whether it has a value."""
        return bool(self.text)


@dataclass(frozen=True)
class Placeholder:
    """What an author may write as `{{name}}`, and what it would print now."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class _Span:
    name: str
    start: str
    end: str
    label: Word
    before: Word


_BEFORE_IMPACT = gettext_lazy("%(length)s before the impact")
_BEFORE_DETECTION = gettext_lazy("%(length)s before the detection")
_BEFORE_CHANGE = gettext_lazy("%(length)s before the change")
# Between milestones; those that `reviewing.milestones` has too come out of the same instants.
SPANS: tuple[_Span, ...] = (
    _Span("time_to_detect", "impact_started", "detected", gettext_lazy("Time to detect"), _BEFORE_IMPACT),
    _Span("time_to_acknowledge", "impact_started", "acknowledged", gettext_lazy("Time to acknowledge"), _BEFORE_IMPACT),
    _Span(
        "time_to_acknowledge_from_detection", "detected", "acknowledged",
        gettext_lazy("Time to acknowledge, from the detection"), _BEFORE_DETECTION,
    ),
    _Span(
        "time_to_identify", "detected", "identified",
        gettext_lazy("Time to identify, from the detection"), _BEFORE_DETECTION,
    ),
    _Span(
        "time_to_identify_from_impact", "impact_started", "identified",
        gettext_lazy("Time to identify, from the impact"), _BEFORE_IMPACT,
    ),
    _Span(
        "time_to_first_recovery", "impact_started", "first_recovery",
        gettext_lazy("Time to first recovery"), _BEFORE_IMPACT,
    ),
    _Span("time_to_resolve", "impact_started", "resolved", gettext_lazy("Time to resolve"), _BEFORE_IMPACT),
)  # fmt: skip


def figures_of(review: Review) -> tuple[Figure, ...]:
    """Every figure, those between milestones first. A constant number of queries."""
    facts = gather(review)
    return figures_from(facts, consequences_of(facts))


def figures_from(facts: Facts, consequences: Sequence[Consequence]) -> tuple[Figure, ...]:
    """The same from facts that were read already; no query."""
    found: list[Figure] = []
    for known in facts.incidents:
        found += _renamed([*_instants(known), *_spans(known), *_of_changes(facts, known)], facts, known)
    found += [*_exposures(facts), *_overall(facts), *_downtimes(facts), *_uptimes(consequences)]
    return tuple({figure.name: figure for figure in reversed(found)}.values())[::-1]


def fill(text: str, figures: Iterable[Figure]) -> str:
    """The text with each `{{name}}` as its value; `.minutes`, `.hours` and `.seconds` of a duration, `.time` and
    `.date` of an instant. What is not known prints as that; a name that there is not stays as it was typed."""
    known = {figure.name: figure for figure in figures}

    def value(found: re.Match[str]) -> str:
        printed = _printed(found.group(1), known)
        return found.group() if printed is None else printed

    return _NAME.sub(value, text)


def unknown_placeholders(text: str, figures: Iterable[Figure]) -> list[str]:
    """The names in the text that name no figure, each once."""
    known = {figure.name: figure for figure in figures}
    names = dict.fromkeys(found.group(1) for found in _NAME.finditer(text))
    return [name for name in names if _printed(name, known) is None]


def placeholders(figures: Iterable[Figure]) -> tuple[Placeholder, ...]:
    """The names that may stand in a text, for the author's screen."""
    return tuple(Placeholder(figure.name, figure.label, _inert(figure)) for figure in figures)


def _printed(name: str, known: dict[str, Figure]) -> str | None:
    if name in known:
        return _inert(known[name])
    base, _dot, part = name.rpartition(".")
    figure = known.get(base)
    if figure is None or part not in _PARTS.get(figure.kind, ()):
        return None
    if not figure.is_known:
        return _inert(figure)
    return _part(figure, part)


_PARTS = {DURATION: ("minutes", "hours", "seconds"), INSTANT: ("time", "date")}


def _part(figure: Figure, part: str) -> str:
    if figure.kind == INSTANT and figure.start:
        at = figure.start.astimezone(UTC)
        return f"{at:%H:%M} UTC" if part == "time" else f"{at:%Y-%m-%d}"
    seconds = figure.seconds or 0
    if part == "seconds":
        return str(seconds)
    return str(lengths.whole_minutes(seconds)) if part == "minutes" else f"{seconds / 3600:.2f}".rstrip("0").rstrip(".")


def _inert(figure: Figure) -> str:
    """The value as it may stand in Markdown: it is made of words and numbers, and no mark among them begins a list."""
    return figure.text or _("not known")


def _renamed(found: list[Figure], facts: Facts, known: Known) -> list[Figure]:
    if len(facts.incidents) == 1:
        return found
    code = known.row.code
    own = [replace(figure, name=f"{figure.name}#{code}", label=f"{figure.label} ({code})") for figure in found]
    return [*found, *own] if known is facts.incidents[0] else own


def _instants(known: Known) -> Iterator[Figure]:
    for row in known.milestones:
        label = str(MILESTONES[row.name])
        text = lengths.moment(row.at) if row.at else ""
        yield Figure(row.name, label, None, text, row.at, None, _("When it was."), kind=INSTANT)


def _spans(known: Known) -> Iterator[Figure]:
    for span in SPANS:
        words = {"start": str(MILESTONES[span.start]), "end": str(MILESTONES[span.end])}
        definition = _("From “%(start)s” to “%(end)s”.") % words
        yield _between(span.name, str(span.label), known.at[span.start], known.at[span.end], definition, span.before)


def _between(
    name: str,
    label: str,
    start: datetime | None,
    end: datetime | None,
    definition: str,
    before: Word,
    start_precision: str = Precision.MINUTE,
    end_precision: str = Precision.MINUTE,
) -> Figure:
    """A length between two instants; negative ones say what came before what."""
    if start is None or end is None:
        return Figure(name, label, None, "", start, end, definition)
    seconds, text = lengths.between(start, end, start_precision, end_precision)
    is_approximate = lengths.is_coarse(start_precision) or lengths.is_coarse(end_precision)
    if seconds < 0 and text[:1].isdigit():
        text = str(before) % {"length": text}
    return Figure(name, label, seconds, text, start, end, definition, is_approximate)


def _of_changes(facts: Facts, known: Known) -> Iterator[Figure]:
    """What lies between the impact of one incident and the changes that had a part in it."""
    began = known.at["impact_started"]
    roles = (
        (
            Role.TRIGGER,
            "change_to_impact",
            _("From the change to the impact"),
            _("From the start of the trigger to the impact."),
        ),
        (
            Role.LATENT_DEFECT,
            "latent_period",
            _("Latent period"),
            _("From the change that left the defect to the impact."),
        ),
    )
    for role, name, label, definition in roles:
        for each, change in _numbered(name, facts, role):
            yield _between(each, label, change.started_at, began, definition, _BEFORE_CHANGE, change.precision)
    yield _mitigated(facts, known, began)
    for each, change in _numbered("permanent_fix", facts, Role.PERMANENT_FIX):
        definition = _("From the impact to the start of the permanent fix.")
        yield _between(
            each, _("Time to the permanent fix"), began, change.started_at, definition, _BEFORE_IMPACT,
            end_precision=change.precision,
        )  # fmt: skip


def _mitigated(facts: Facts, known: Known, began: datetime | None) -> Figure:
    """To the end of the effective mitigation; where no change is one, to the first recovery."""
    label = _("Time to mitigate")
    for _name, change in _numbered("", facts, Role.EFFECTIVE_MITIGATION):
        done = change.rollback_completed_at or change.completed_at or change.started_at
        if done:
            definition = _("From the impact to the completion of the effective mitigation.")
            return _between(
                "time_to_mitigate", label, began, done, definition, _BEFORE_IMPACT, end_precision=change.precision
            )
    definition = _("From the impact to the first recovery.")
    return _between("time_to_mitigate", label, began, known.at["first_recovery"], definition, _BEFORE_IMPACT)


def _exposures(facts: Facts) -> Iterator[Figure]:
    """How long each change was in place until it was taken back; not the same as the impact."""
    changes = [row for row in facts.changes if row.started_at and row.rollback_completed_at]
    for number, change in enumerate(changes):
        name = f"exposure_window#{change.code}" if number else "exposure_window"
        definition = _("From the start of the change to the completion of its roll-back.")
        yield _between(
            name, _("Exposure window"), change.started_at, change.rollback_completed_at, definition, _BEFORE_CHANGE,
            change.precision, change.precision,
        )  # fmt: skip


def exposure_seconds(change: ChangeEvent) -> int | None:
    """From the start of a change to the completion of its roll-back; None while one of them is not known."""
    if change.started_at is None or change.rollback_completed_at is None:
        return None
    return int((change.rollback_completed_at - change.started_at).total_seconds())


def _numbered(name: str, facts: Facts, role: Role) -> Iterator[tuple[str, ChangeEvent]]:
    """The changes of a role in the order of time, the first under the plain name."""
    wanted = {row.change_id for row in facts.roles if row.role == role}
    for number, change in enumerate(row for row in facts.changes if row.pk in wanted):
        yield (f"{name}#{change.code}" if number else name), change


def _overall(facts: Facts) -> Iterator[Figure]:
    ends = [row.ended_at for row in facts.intervals]
    start = min((row.started_at for row in facts.intervals), default=None)
    end = max((at for at in ends if at), default=None) if None not in ends else None
    definition = _("From the beginning of the first interval of the ledger to the end of the last.")
    yield _between("incident_duration", _("Duration"), start, end, definition, _BEFORE_IMPACT)
    counts = (
        ("component_count", _("Components"), len(facts.components), _("Components that the ledger holds.")),
        ("region_count", _("Regions"), len(regions_hit(facts)), _("Regions that the ledger holds.")),
        (
            "update_count", _("Updates"), sum(len(known.updates) for known in facts.incidents),
            _("Public updates of the incidents."),
        ),
    )  # fmt: skip
    for name, label, count, words in counts:
        yield Figure(name, label, None, str(count), None, None, words, kind=COUNT)


def regions_hit(facts: Facts) -> tuple[str, ...]:
    """The names of the regions in which something was hit; what was hit everywhere was in each of its regions."""
    names: dict[str, None] = {}
    for row in facts.intervals:
        names |= dict.fromkeys(regions_of(row))
    return tuple(names)


def regions_of(row: ImpactInterval) -> tuple[str, ...]:
    """The regions of one interval by name."""
    return (row.region.name,) if row.region else tuple(region.name for region in row.component.regions.all())


def _downtimes(facts: Facts) -> Iterator[Figure]:
    """Of each component, anywhere and in each region: the length of the union of its outages."""
    definition = _("Partial and major outage, each instant once; without what was served but wrong.")
    for pk, component in facts.components.items():
        rows = [row for row in facts.intervals if row.component_id == pk]
        seconds = downtime(rows)
        label = _("Downtime of %(name)s") % {"name": component.full_name}
        if seconds:
            name = f"downtime:{component.slug}"
            yield Figure(name, label, seconds, lengths.length(seconds), None, None, definition)
        for region in component.regions.all():
            own = downtime(row for row in rows if row.region_id in (None, region.pk))
            if own and len(component.regions.all()) > 1:
                name = f"downtime:{component.slug}:{region.key}"
                yield Figure(name, f"{label}, {region.name}", own, lengths.length(own), None, None, definition)


def downtime(rows: Iterable[ImpactInterval], levels: Sequence[Level] = _DOWN, *, has_quality: bool = False) -> int:
    """Seconds in which one of the intervals held one of the levels; what is still open counts up to its start."""
    spans: list[Interval] = [
        (row.started_at, row.ended_at or row.started_at, Level.MAJOR_OUTAGE)
        for row in rows
        if row.level in levels and (has_quality or not row.is_quality)
    ]
    end = max((span[1] for span in spans if span[1]), default=None)
    return int(sum(segment.seconds for segment in worst_by_instant(spans, end))) if end else 0


def _uptimes(consequences: Sequence[Consequence]) -> Iterator[Figure]:
    """Of each agreement and month: as its newest verdict has it, or as counted so far."""
    for row in consequences:
        if row.document is None:
            continue
        name, words = f"{row.slug}:{row.month}", {"name": row.name, "month": row.month}
        definition = _("Of the whole month, by the policy of the agreement.")
        percent = f"{row.document['percent']} %"
        label = _("Uptime, %(name)s, %(month)s") % words
        yield Figure(f"uptime:{name}", label, None, percent, None, None, definition, kind=PERCENT)
        labels = {"counted": _("Counted, %(name)s, %(month)s"), "allowed": _("Allowed, %(name)s, %(month)s")}
        for part, text in labels.items():
            seconds = seconds_of(row.document[f"{part}_seconds"])
            yield Figure(f"{part}:{name}", text % words, seconds, lengths.length(seconds), None, None, definition)
