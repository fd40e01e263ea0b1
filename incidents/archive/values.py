"""A value of a field as JSON, and back. Times UTC, `2026-06-23T14:30:00.000000Z`; decimals as text; bytes in Base64
(RFC 4648, section 4); rows by number."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.domain.instants import to_the_microsecond
from incidents.models.words import Word

YEARS = range(1970, 2200)  # a history has pages for all its months


class BadValue(ValueError):
    """The value cannot stand in this field; the text is the rest of a sentence that begins with the field."""


def written(value: Any) -> Any:
    """A value of a row as JSON."""
    if isinstance(value, datetime):
        return to_the_microsecond(value)
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def read(field: models.Field[Any, Any], raw: Any) -> Any:
    """A value of a line for a field: of a reference the number, of a list of references their numbers.

    Raises BadValue for a wrong type, and for what the field's own limits forbid.
    """
    if isinstance(field, models.ManyToManyField):
        return _numbers(raw)
    if raw is None:
        if not field.null:
            raise BadValue(_("must not be null"))
        return None
    target: Any = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if isinstance(target, models.JSONField) and target.has_default() and type(raw) is not type(target.get_default()):
        raise BadValue(_("must be an object") if target.get_default() == {} else _("must be a list"))
    value = next(parse for kind, parse in _PARSERS.items() if isinstance(target, kind))(raw)
    try:
        target.run_validators(value)
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from None
    return value


def _of(kind: type, told: Word) -> Callable[[Any], Any]:
    def parse(raw: Any) -> Any:
        if type(raw) is not kind:  # True is an int to isinstance
            raise BadValue(told)
        return raw

    return parse


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise BadValue(_("must be a text"))
    if "\0" in raw:
        raise BadValue(_("must not hold a NUL character"))
    return raw


def _instant(raw: Any) -> datetime:
    try:
        at = datetime.fromisoformat(_text(raw))
        if at.tzinfo is None:
            raise BadValue(_("must be a time with its zone"))
        at = at.astimezone(UTC)
        if at.year not in YEARS:
            raise ValueError(raw)
        return at
    except (ValueError, OverflowError):
        raise BadValue(_("must be a time, such as 2026-06-23T14:30:00Z")) from None


def _day(raw: Any) -> date:
    try:
        day = date.fromisoformat(_text(raw))
        if day.year not in YEARS:
            raise ValueError(raw)
        return day
    except ValueError:
        raise BadValue(_("must be a day, such as 2026-06-23")) from None


def _clock(raw: Any) -> time:
    try:
        return time.fromisoformat(_text(raw))
    except ValueError:
        raise BadValue(_("must be a time of day, such as 14:30:00")) from None


def _decimal(raw: Any) -> Decimal:
    try:
        number = Decimal(_text(raw))
    except InvalidOperation:
        raise BadValue(_("must be a decimal number as text")) from None
    if not number.is_finite():
        raise BadValue(_("must be a decimal number as text"))
    return number


def _bytes(raw: Any) -> bytes:
    try:
        return b64decode(_text(raw), validate=True)
    except binascii.Error:
        raise BadValue(_("must be bytes in Base64")) from None


def _json(raw: Any) -> Any:
    if not isinstance(raw, list | dict):
        raise BadValue(_("must be a list or an object"))
    return raw


def _numbers(raw: Any) -> list[int]:
    if not isinstance(raw, list) or any(type(each) is not int for each in raw) or len(set(raw)) != len(raw):
        raise BadValue(_("must be a list of the numbers of rows, each once"))
    return raw


# The first kind that fits counts: a DateTimeField is a DateField.
_PARSERS: Mapping[type[models.Field[Any, Any]], Callable[[Any], Any]] = {
    models.BooleanField: _of(bool, gettext_lazy("must be true or false")),
    models.IntegerField: _of(int, gettext_lazy("must be a whole number")),
    models.DateTimeField: _instant,
    models.DateField: _day,
    models.TimeField: _clock,
    models.DecimalField: _decimal,
    models.BinaryField: _bytes,
    models.JSONField: _json,
    models.CharField: _text,
    models.TextField: _text,
}
