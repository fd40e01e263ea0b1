"""Long lists: bounded search text and pages of one size."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from incidents.domain.text import clean_line

PAGE_SIZE = 50
LONGEST_SEARCH = 200


def search_text(request: HttpRequest, name: str = "q") -> str:
    """What was searched for: one clean line, bounded; "" for nothing."""
    return clean_line(request.GET.get(name, "")[:LONGEST_SEARCH])


def page_of(request: HttpRequest, rows: QuerySet[Any, Any]) -> Page[Any]:
    """The page that `?page=` names; the nearest there is for one that does not exist."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page", "1")[:9])


def query_without_page(request: HttpRequest) -> str:
    """The filter in the address, to link to its other pages."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
