"""A published review as Markdown, with the same facts as its page. Names and values are escaped; authored texts are the
author's Markdown, with headings lowered so that they stay inside their section."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.status import Impact, Level
from incidents.publishing import review_rows, review_words, words
from incidents.publishing.reviews import VersionView

Row = dict[str, Any]
# What Markdown gives a meaning to; a character reference for `<` and `&`, which HTML would read.
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$])")
_LINE_START = re.compile(r"^(\s*)([-+>=]|\d+[.)])(?=\s|$)")
_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def markdown(envelope: Row, url: str) -> str:
    """The whole review; `url` is the base address of the site."""
    review, version = envelope["review"], envelope["version"]
    rows = review_rows.arranged(envelope)
    parts = [
        f"# {safe(review['title'])}",
        _head(review, version, url),
        _corrected(version),
        _glance(review),
        *(_section(row, rows, url) for row in ([rows["lead"]] if rows["lead"] else [])),
        _facts(review, rows),
        *(_section(row, rows, url) for row in rows["sections"]),
        _withheld(review),
        _made(version),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def tombstone(version: VersionView) -> str:
    """What is left of a retracted review."""
    at = words.clock(version.published_at, has_day=True)
    return f"# {_('This review was retracted')}\n\n{_('Retracted')} {at}. {_('Reason:')} {safe(version.reason)}\n"


def safe(text: object) -> str:
    """A value on one line that Markdown and HTML read as text."""
    line = " ".join(str(text if text is not None else "").split())
    line = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return _LINE_START.sub(r"\1\\\2", line)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table (GitHub's dialect); cells are made safe, empty ones stay."""
    listed = [[_cell(each) for each in row] for row in rows]
    if not listed:
        return ""
    lines = [[safe(head) for head in heads], ["---"] * len(heads), *listed]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def authored(text: str) -> str:
    """A text as its author typed it, its headings three levels lower; raw HTML in it is shown, as the page shows it."""
    lines, fence = [], ""
    for line in text.replace("\r\n", "\n").split("\n"):
        found = _FENCE.match(line)
        if found and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
        elif not fence:
            line = _HEADING.sub(lambda mark: mark[1] + "#" * min(6, len(mark[2]) + 3), line)
            line = line.replace("<", "&lt;") if not line.startswith("    ") else line
        lines.append(line)
    return "\n".join(lines + [fence] if fence else lines).strip()


class Linked(str):
    """A cell that is Markdown already."""


def _cell(value: object) -> str:
    return str(value) if isinstance(value, Linked) else safe(value)


def _link(text: object, address: str) -> Linked:
    target = address.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("|", "%7C")
    return Linked(f"[{safe(text)}](<{target}>)")


def _head(review: Row, version: Row, url: str) -> str:
    standing = review_words.STANDINGS.get(version["standing"], version["standing"])
    lines = [
        f"{standing}, {_('version %(number)s') % {'number': version['number']}}, "
        f"{_('published')} {review_words.moment(version['published_at'])}",
        _link(f"{url}/reviews/{review['slug']}", f"{url}/reviews/{review['slug']}"),
    ]
    if review["owner_team"]:
        lines.append(f"{_('Written by')} {safe(review['owner_team'])}")
    if version["is_break_glass"]:
        lines.append(f"{_('Published before all checks and approvals were there. Reason:')} "
                     f"{safe(version['break_glass_reason'])}")  # fmt: skip
    about = [f"- {_link(row['title'], url + row['path'])}" for row in review["incidents"]]
    return "  \n".join(lines) + "\n\n" + "\n".join(about)


def _corrected(version: Row) -> str:
    told = review_rows.changes_told(version)
    if not told or not version["supersedes"]:
        return ""
    at = review_words.moment(version["published_at"])
    head = f"> **{_('Corrected')} {at}.** {_('Reason:')} {safe(version['reason'])}"
    return f"{head}\n\n{table((_('What'), _('Old'), _('New')), told)}"


def _glance(review: Row) -> str:
    rows: list[tuple[object, object]] = [(_("Impact"), words.IMPACTS[Impact(review["impact"])])]
    rows += [(row["label"], _figure(row)) for row in review["figures"]]
    return f"## {_('At a glance')}\n\n{table((_('What'), _('Figure')), rows)}"


def _figure(row: Row) -> str:
    value = f"{_('about')} {row['text']}" if row["is_approximate"] else row["text"]
    return f"{value} ({row['definition']})" if row["definition"] else value


def _facts(review: Row, rows: Row) -> str:
    parts = [f"## {_('Facts')}"]
    for group in rows["milestones"]:
        if len(rows["milestones"]) > 1:
            parts.append(f"### {safe(group['incident']['title'])}")
        told = [(row["label"], review_words.moment(row["at"]) or _("not known"), row["said"]) for row in group["rows"]]
        parts.append(table((_("Milestone"), _("When"), _("Where it is from")), told))
    components = [
        (row["name"], ", ".join(row["regions"]), words.LEVELS[Level(row["worst_level"])],
         review_words.moment(row["started_at"]), review_words.moment(row["ended_at"]), row["text"])
        for row in review["components"]
    ]  # fmt: skip
    heads = (_("Component"), _("Regions"), _("Worst level"), _("From"), _("To"), _("Length"))
    parts.append(table(heads, components))
    phases = [
        (row["name"], row["share"], _("served, but wrong") if row["is_quality"] else "",
         review_words.moment(row["started_at"], row["precision"]),
         review_words.moment(row["ended_at"], row["precision"]), row["duration"])
        for row in review["phases"]
    ]  # fmt: skip
    parts.append(table((_("Phase"), _("Share"), "", _("From"), _("To"), _("Length")), phases))
    return "\n\n".join(part for part in parts if part)


def _section(section: Row, rows: Row, url: str) -> str:
    text = authored(section["text"])
    printer = _PRINTERS.get(section["partial"])
    told = printer(rows, url) if printer else ""
    return "\n\n".join(part for part in (f"## {safe(section['title'])}", text, told) if part)


def _timeline(rows: Row, url: str) -> str:
    told = [
        ("", _("%(text)s of which nothing is recorded") % {"text": row["gap"]["text"]}, "")
        if "gap" in row
        else (
            review_words.moment(row["at"], row["precision"]),
            " · ".join(each for each in (row["label"], row["certainty_words"], row["text"]) if each),
            _link(row["source"] or row["source_url"], _absolute(row["source_url"], url))
            if row["source_url"]
            else row["source"],
        )
        for row in rows["timeline"]
    ]
    return table((_("When"), _("What"), _("Source")), told)


def _absolute(address: str, url: str) -> str:
    """An address that holds outside this site too."""
    return url + address if address.startswith("/") else address


def _changes(rows: Row, _url: str) -> str:
    return "\n\n".join(_change(row) for row in rows["changes"])


def _change(row: Row) -> str:
    roles = ", ".join(each["label"] for each in row["role_rows"]) or _("What part it had is not known.")
    back = row["rollback"]
    facts = [
        (_("Kind"), row["kind_label"]),
        (_("System"), row["system"]),
        (_("Part in it"), roles),
        (_("When"), " ".join(each for each in (review_words.moment(row["started_at"], row["precision"])
                                               or _("not known"), row["time_note"]) if each)),
        (_("By"), f"{row['initiator_label']}: {row['process']}" if row["process"] else row["initiator_label"]),
        (_("Rollout"), row["rollout_label"]),
        (_("Regions"), row["regions"] or _("not disclosed")),
        (_("Exposed before the trouble"), row["exposure"]),
        *((each["label"], each["answer_label"]) for each in row["guards"]),
        (_("Taking it back: possible"), f"{back['possible_label']}: {back['method']}" if back["method"]
         else back["possible_label"]),
        (_("Taking it back: outcome"), " ".join(each for each in (back["outcome_label"], back["text"]) if each)),
        (_("Source"), row["source"]),
    ]  # fmt: skip
    stages = [
        (each["name"], each["percent"], each["regions"], each["gate"], each["gate_result"]) for each in row["stages"]
    ]
    parts = [
        f"### {safe(row['title'])}",
        authored(row["text"]),
        authored(row["intent"]),
        table((_("What"), _("Answer")), [pair for pair in facts if pair[1]]),
        table((_("Stage"), _("Percent"), _("Regions"), _("Gate"), _("Result")), stages),
        authored(back["note"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _factors(rows: Row, _url: str) -> str:
    return "\n\n".join(
        "\n\n".join(
            part
            for part in (
                f"### {safe(row['title'])}",
                safe(f"{row['code']} {row['code_title']} · {row['effect_label']} · {row['disposition_label']}"
                     + (f": {row['disposition_reason']}" if row["disposition_reason"] else "")),
                authored(row["text"]),
            )
            if part
        )
        for row in rows["factors"]
    )  # fmt: skip


def _remediations(rows: Row, url: str) -> str:
    told = [
        (
            _link(row["title"], f"{url}/remediations#remediation-{row['code']}"),
            row["kind_label"],
            row["strength_label"],
            row["priority"],
            row["owner_team"],
            f"{_('Declined')}: {row['declined_reason']}" if row["is_declined"] else review_words.day(row["due_on"]),
        )
        for row in rows["remediations"]
    ]
    texts = [f"### {safe(row['title'])}\n\n{authored(row['text'])}" for row in rows["remediations"] if row["text"]]
    heads = (_("Remediation"), _("For"), _("Strength"), _("Priority"), _("Team"), _("Promised for"))
    return "\n\n".join(part for part in (table(heads, told), *texts) if part)


def _agreements(rows: Row, url: str) -> str:
    review = rows["review"]
    parts = []
    for row in review["agreements"]:
        verdict = review_words.VERDICTS.get(row["verdict"], row["verdict"])
        parts.append(f"### {_link(row['name'] + ', ' + row['month'], url + row['path'])}")
        parts.append(f"**{verdict}**: {safe(row['percent'])} % / {safe(row['target_percent'])} %")
        parts.append(
            _("%(minutes)s min counted, %(allowed)s min allowed.")
            % {"minutes": row["minutes"], "allowed": row["allowed_minutes"]}
        )
        if row["month"] >= rows["month_of_publication"]:
            parts.append(_("The month was still running when this was published; its verdict follows when it is over."))
        ways = [
            (way["words"], _("%(count)s min") % {"count": way["minutes"]}, f"{way['percent']} %",
             review_words.VERDICTS.get(way["verdict"], way["verdict"]))
            for way in row["ways"]
        ]  # fmt: skip
        parts.append(table((_("Counted with"), _("Counted"), _("Uptime"), _("Verdict")), ways))
    parts += [
        f"{safe(row['name'])}, {safe(row['month'])}: {_('the verdict was not issued yet when this was published.')}"
        for row in review["agreements_pending"]
    ]
    parts += [_("No agreement on service levels applies.")] if review["is_without_agreement"] else []
    return "\n\n".join(part for part in parts if part)


def _withheld(review: Row) -> str:
    told = [(row["label"], row["count"], review_words.day(row["review_on"])) for row in review["withheld"]]
    if not told:
        return ""
    return f"## {_('What is withheld')}\n\n{table((_('Kind'), _('Passages'), _('Looked at again on')), told)}"


def _made(version: Row) -> str:
    told = [(row["label"], review_words.moment(row["approved_at"])) for row in version["approvals"]]
    said = _("Hash of what was approved")
    approvals = table((_("Approval"), _("When")), told)
    return f"## {_('How this review was made')}\n\n{approvals}\n\n{said}: `{version['sha256']}`"


_PRINTERS = {
    "public/reviews/_timeline.html": _timeline,
    "public/reviews/_changes.html": _changes,
    "public/reviews/_factors.html": _factors,
    "public/reviews/_remediations.html": _remediations,
    "public/reviews/_agreements.html": _agreements,
}
