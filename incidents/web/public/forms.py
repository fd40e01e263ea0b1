"""What readers may send in about their subscription."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ComponentIds(forms.TypedMultipleChoiceField):
    """Ids of components or groups; whether they exist is for the action to say."""

    def __init__(self) -> None:
        super().__init__(coerce=int, required=False)

    def validate(self, value: list[Any]) -> None:
        """Only whole numbers of a size that a database knows, and not thousands of them."""
        if len(value) > 1_000 or not all(each.isascii() and each.isdigit() and len(each) < 10 for each in value):
            raise forms.ValidationError(_("Choose from the list."))


class WantsReviews(forms.CharField):
    """`yes`, `no`, or None for a sender that does not know the question."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> bool | None:
        """The answer."""
        return {"yes": True, "no": False}.get(str(value))


class SubscribeForm(forms.Form):
    """The form of `/subscribe`. `website` is a trap: people do not see it."""

    address = forms.CharField(
        max_length=320,
        error_messages={
            "required": _("Enter your e-mail address."),
            "max_length": _("That is not an e-mail address: it is too long."),
            "null_characters_not_allowed": _("That is not an e-mail address: check for a missing part or a slip."),
        },
    )
    components = ComponentIds()
    reviews = WantsReviews()
    website = forms.CharField(required=False)


class ScopeForm(forms.Form):
    """Everything, or some components and groups."""

    scope = forms.ChoiceField(choices=[("all", _("Everything")), ("some", _("Only what I choose"))])
    components = ComponentIds()
    reviews = WantsReviews()
