"""Long lists: bounded search text and pages of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from incidents.domain.text import clean_line

PAGE_SIZE = 50
LONGEST_SEARCH = 200


def search_text(request: HttpRequest, name: str = "q") -> str:
    """What was searched for: one clean line, bounded; "" for nothing."""
    return clean_line(request.GET.get(name, "")[:LONGEST_SEARCH])


def sorted_by(
    request: HttpRequest, rows: QuerySet[Any, Any], columns: Mapping[str, str | Combinable]
) -> QuerySet[Any, Any]:
    """The rows in the order that `?sort=column` or `?sort=-column` names, newest first among equals; as they were for
    a column that there is not."""
    wanted = request.GET.get("sort", "")
    column = columns.get(wanted.removeprefix("-"))
    if column is None:
        return rows
    value = F(column) if isinstance(column, str) else column
    arranged: QuerySet[Any, Any] = rows.annotate(sorted_by=value)
    return arranged.order_by("-sorted_by" if wanted.startswith("-") else "sorted_by", "-id")


def page_of(request: HttpRequest, rows: QuerySet[Any, Any] | Sequence[Any]) -> Page[Any]:
    """The page that `?page=` names; the nearest there is for one that does not exist."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page", "1")[:9])


def query_without_page(request: HttpRequest) -> str:
    """The filter in the address, to link to its other pages."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
