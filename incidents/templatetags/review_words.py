"""The words of reviews in templates of the console."""

from __future__ import annotations

from django import template

from incidents.domain.review import RemediationState
from incidents.models.review_words import word_of

register = template.Library()


@register.filter
def remediation_state_word(state: str) -> str:
    """How a remediation stands, in words."""
    return word_of(RemediationState, state)
