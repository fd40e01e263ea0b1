"""A promise in the words of an update is pointed out; ordinary sentences are not."""

from __future__ import annotations

import pytest

from incidents.domain.promise_words import promises_in


@pytest.mark.parametrize(
    "sentence",
    [
        "We will share more by Friday.",
        "We will publish a review within five business days.",
        "We\u2019ll post a full post-mortem next week.",
        "We plan to release a report by 30 June.",
        "A detailed review will be published by Tuesday.",
        "More information will follow.",
    ],
)
def test_a_promise_is_found_with_its_sentence(sentence):
    assert promises_in(f"All is well again. **{sentence}** Thank you.") == (sentence,)


@pytest.mark.parametrize(
    "text", ["", "We are looking into it.", "The fix was deployed.", "You will see errors.", "We published a review."]
)
def test_other_sentences_are_left_alone(text):
    assert promises_in(text) == ()


def test_a_long_text_gives_few_and_short_hints():
    found = promises_in(
        "We will share " + "more " * 500 + ".\n\n" + "\n\n".join(f"We will post {n}." for n in range(9))
    )
    assert len(found) == 5
    assert max(map(len, found)) <= 300
