"""Checks of what the texts say: figures that disagree with the record, blame, softeners, and what must not leave."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from incidents.domain import wording
from incidents.domain.disclosure import Disclosure, Leak, disclosures, disclosures_of_link
from incidents.reviewing import prose, prose_record
from incidents.reviewing.checks.facts import Facts, internal_texts
from incidents.reviewing.checks.found import Blocks, Found, ref_of
from incidents.reviewing.consequences import consequences_of
from incidents.reviewing.figures import figures_from, unknown_placeholders

READING_GRADE_LIMIT = 18
CANARY_LENGTH = 16  # shorter, an internal text may stand in a public one by chance


def figures_agree(facts: Facts) -> Iterator[Found]:
    """Durations, clock times, percentages and counts in prose that the record does not bear out, and placeholders of
    figures that there are not."""
    consequences = consequences_of(facts.known)
    record, figures = prose_record.record_from(facts.known, consequences), figures_from(facts.known, consequences)
    for text in facts.texts:
        for name in unknown_placeholders(text.body, figures):
            sentence = _("There is no figure called “%(name)s”; readers would see its placeholder.") % {"name": name}
            yield Found(ref_of(text.anchor, f"placeholder {name}"), text.anchor, sentence, Blocks.PRELIMINARY)
        # What is planned, and how it was verified, has figures of its own.
        if text.is_link or text.anchor.startswith("remediation:"):
            continue
        for each in prose.disagreements(text.body, record):
            yield Found(ref_of(text.anchor, each.literal), text.anchor, each.sentence)


def verbs_plain(facts: Facts) -> Iterator[Found]:
    """Remediations of which nobody could say when they are done."""
    for row in facts.standing_remediations:
        for match in wording.vague_verbs(row.title, row.body):
            sentence = _("“%(title)s” begins with “%(verb)s”: when would it be done?")
            values = {"title": row.title, "verb": match.text}
            yield Found(ref_of(f"remediation:{row.code}", match.kind), f"remediation:{row.code}", sentence % values)


def nobody_blamed(facts: Facts) -> Iterator[Found]:
    """Names of people, which must not be published, and phrases that look for a fault in them."""
    for text in facts.texts:
        if text.is_link:
            continue
        for match in wording.names_in(text.body, facts.names):
            sentence = _("“%(text)s” is somebody's name: say the role instead.") % {"text": match.text}
            yield Found(ref_of(text.anchor, match.kind, match.text), text.anchor, sentence)
        for match in wording.blame(text.body):
            sentence = _("“%(text)s” looks for a fault in people: say what let it happen.") % {"text": match.text}
            yield Found(ref_of(text.anchor, match.kind), text.anchor, sentence, Blocks.NEVER)


def nothing_softened(facts: Facts) -> Iterator[Found]:
    """Phrases that make an impact smaller than its figures."""
    for text in facts.texts:
        for match in wording.softeners(text.body):
            sentence = _("“%(text)s” tells less than the figures: how many, how long?") % {"text": match.text}
            yield Found(ref_of(text.anchor, match.kind), text.anchor, sentence)


def what_went_well(facts: Facts) -> Iterator[Found]:
    """What to keep, and what was luck."""
    if facts.is_light:
        return
    if not facts.body("went_well"):
        yield Found("went_well", "section:went_well", _("What went well is not said."))
    if not facts.body("lucky"):
        yield Found("lucky", "section:lucky", _("Where we were lucky is not said; “nowhere” is an answer."))


def nothing_disclosed(facts: Facts) -> Iterator[Found]:
    """What the detectors find in public texts, and internal texts that stand in them word for word."""
    hosts = settings.REVIEW_PRIVATE_HOSTS
    for text in facts.texts:
        finds = disclosures_of_link(text.body, hosts) if text.is_link else disclosures(text.body, hosts)
        for each in finds:
            blocks = Blocks.NEVER if each.kind == Leak.COMMAND else None
            yield Found(ref_of(text.anchor, each.kind, each.name), text.anchor, _disclosed(each), blocks)
    published = facts.published_text
    for anchor, internal in internal_texts(facts):
        for line in internal.splitlines():
            # As it stands in a string of JSON, without the quotation marks.
            if len(line.strip()) >= CANARY_LENGTH and _in_json(line.strip()) in published:
                sentence = _("An internal text stands word for word in what would be published: “%(text)s”")
                yield Found(
                    ref_of(anchor, "internal", line.strip()[:80]), anchor, sentence % {"text": line.strip()[:80]}
                )


def readable_by_all(facts: Facts) -> Iterator[Found]:
    """Abbreviations that nobody explains, images without words, and a summary that is hard to read."""
    everything = "\n".join(text.body for text in facts.texts if not text.is_link)
    seen: set[str] = set()
    for text in facts.texts:
        if text.is_link:
            continue
        for word in wording.unexplained_acronyms(text.body, everything):
            if word not in seen:
                seen.add(word)
                sentence = _("“%(word)s” is explained nowhere: write it out once.") % {"word": word}
                yield Found(word, text.anchor, sentence)
        for address in wording.images_without_words(text.body):
            sentence = _("The image %(address)s says nothing to whoever cannot see it.") % {"address": address}
            yield Found(ref_of(text.anchor, address), text.anchor, sentence)
    grade = wording.reading_grade(facts.body("summary"))
    if grade > READING_GRADE_LIMIT:
        sentence = _("The summary asks for %(grade)s years of school: shorter sentences, shorter words.")
        yield Found("grade", "section:summary", sentence % {"grade": round(grade)})


def _disclosed(each: Disclosure) -> str:
    sentences = {
        Leak.EMAIL: _("“%(text)s” is an e-mail address."),
        Leak.PHONE: _("“%(text)s” looks like a telephone number."),
        Leak.ADDRESS: _("“%(text)s” is the address of a machine."),
        Leak.HOST: _("“%(text)s” is the name of an internal machine."),
        Leak.LINK: _("“%(text)s” leads into a tool that the public cannot read."),
        Leak.KEY: _("There is something like a key or a password (%(text)s)."),
        Leak.COMMAND: _("“%(text)s” is a command as it was typed: does the public need it?"),
    }
    return sentences[each.kind] % {"text": each.name}


def _in_json(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
