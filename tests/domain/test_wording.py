"""Words that tell a reader less than they seem to, found; and plain words left alone."""

from __future__ import annotations

import time

import pytest

from incidents.domain import wording

NAMES = ["Maria Rossi", "Maria", "Rossi", "mrossi", "admin", "Will", "Jo"]


@pytest.mark.parametrize(
    ("title", "verb"),
    [
        ("Improve monitoring", "improve"),
        ("Ensure that it cannot happen", "ensure"),
        ("More kill switches", "more"),
        ("Figure out why tests missed it", "figure out"),
        ("Investigate the cause", "investigate"),
        ("  REVIEW all modules", "review"),
    ],
)
def test_a_remediation_that_has_no_end_is_found_by_its_first_word(title, verb):
    assert [match.kind for match in wording.vague_verbs(title)] == [verb]


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Reject a table that is over its limit", ""),
        ("Improvise nothing: write the runbook", ""),
        ("Investigate the leak", "Done when the memory of a node stays under 2 GB for a week."),
        ("Review each module until every limit is in a table", ""),
        ("Moreover, a title", ""),
    ],
)
def test_a_remediation_with_an_end_is_left_alone(title, body):
    assert wording.vague_verbs(title, body) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It was human error.", "human error"),
        ("The operator should not have pressed it.", "should have"),
        ("They shouldn’t have.", "should have"),
        ("A careless edit", "careless"),
        ("The engineer failed to follow the runbook", "failed to follow"),
        ("It was Simply\nrestarted", "simply"),
        ("Somebody forgot", "forgot"),
    ],
)
def test_words_that_look_for_a_fault_in_people_are_found(text, kind):
    assert [match.kind for match in wording.blame(text)] == [kind]


@pytest.mark.parametrize(
    "text", ["The tool let a wrong target pass.", "`should have` is code", "Simplify the table", "The check failed"]
)
def test_words_that_tell_what_let_it_happen_are_left_alone(text):
    assert wording.blame(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Some customers may have seen errors", "some customers may have"),
        ("A small number of users might experience delays", "some customers may have"),
        ("a brief interruption", "brief"),
        ("an isolated incident", "isolated"),
        ("Out of an abundance of caution we stopped", "out of an abundance of caution"),
        ("We regret any inconvenience", "inconvenience"),
        ("elevated error rates", "elevated"),
    ],
)
def test_words_that_make_it_smaller_are_found(text, kind):
    assert [match.kind for match in wording.softeners(text)] == [kind]


def test_figures_are_no_softeners():
    assert wording.softeners("12 % of the requests failed for {{time_to_resolve}}, in two regions.") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Maria Rossi restarted it", ["Maria Rossi", "Maria", "Rossi"]),
        ("mrossi and MROSSI", ["mrossi"]),
        ("asked @on-call.lead", ["@on-call.lead"]),
        ("The admin restarted it. Will it hold?", []),
        ("Mariana's trench, maria in lower case", []),
        ("write to maria@example.org", []),
        ("`@handle` is code", []),
    ],
)
def test_names_of_people_are_found_and_names_of_functions_are_not(text, found):
    assert sorted(match.text for match in wording.names_in(text, NAMES)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The BGP session and the BGP table", ["BGP"]),
        ("The Border Gateway Protocol (BGP) table", []),
        ("BGP (a protocol of routing)", []),
        ("UTC, API and HTTPS", []),
        ("Factor CHG-2 and `ABC`", []),
        ("https://example.org/ABC", []),
        ("VMs stopped", ["VM"]),
    ],
)
def test_abbreviations_that_nobody_explains_are_found(text, found):
    assert wording.unexplained_acronyms(text) == found


def test_an_abbreviation_may_be_explained_elsewhere():
    assert wording.unexplained_acronyms("BGP", "The Border Gateway Protocol (BGP) is …") == []


def test_images_need_words():
    assert wording.images_without_words("![](https://example.org/a.png) ![a graph](b.png)") == [
        "https://example.org/a.png"
    ]
    assert wording.images_without_words('<img src="x.png"> <img src="y.png" alt="a graph">') == ['<img src="x.png">']


def test_long_words_in_long_sentences_ask_for_more_school():
    plain = "The table was full. The gate let it pass. All calls failed. We put the old one back. " * 2
    heavy = (
        "Notwithstanding considerable organisational preparation, the configuration distribution infrastructure "
        "simultaneously disseminated irreconcilable specifications throughout geographically independent places. "
    ) * 3
    assert wording.reading_grade(plain) < 6
    assert wording.reading_grade(heavy) > 18
    assert wording.reading_grade("Short.") == 0


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("We will publish a review by Friday.", "review"),
        ("We’ll share the root cause once we know it.", "review"),
        ("We will post another update in 30 minutes.", "update"),
        ("We will share a list of the affected tenants.", "other"),
    ],
)
def test_a_promise_in_words_says_what_would_answer_it(text, answer):
    assert wording.answered_by(text) == answer


@pytest.mark.parametrize("piece", ["![](", "[a](", "{{", "<img ", "`", "A ", "a-b ", "should have ", "we will ", "@a "])
def test_the_longest_text_is_read_at_once(piece):
    text = (piece * 25_000)[:25_000]
    began = time.perf_counter()
    for find in (wording.blame, wording.softeners, wording.unexplained_acronyms, wording.images_without_words):
        find(text)
    wording.reading_grade(text)
    wording.names_in(text, NAMES)
    assert time.perf_counter() - began < 1
