"""What was done, by whom, when: searched, read and taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.export import record_log_export
from incidents.domain.verbs import SENTENCES, Verb
from incidents.models import AuditEntry
from incidents.models.words import happening
from incidents.publishing import store
from incidents.web.access import actor_of
from incidents.web.console import audit_lines, audit_words
from incidents.web.console.paging import page_of, query_without_page, search_text
from incidents.web.htmx import answer


@dataclass(frozen=True)
class Line:
    """One entry as it is printed."""

    entry: AuditEntry
    author: str
    label: str
    kind: str
    changes: list[audit_words.Change]


@dataclass(frozen=True)
class Search:
    """What is looked for; each empty value looks for everything. `wrong`: a day that is none was given."""

    words: str
    who: str
    verb: str
    kind: str
    since: date | None
    until: date | None
    wrong: bool

    def rows(self) -> QuerySet[AuditEntry]:
        """The entries, newest first. Words are looked for in what it was done to and in what changed."""
        rows = AuditEntry.objects.select_related("incident").order_by("-number")
        if self.verb in list(Verb):
            rows = rows.filter(verb=self.verb)
        if self.kind:
            rows = rows.filter(subject_kind=self.kind)
        if self.who:
            rows = rows.filter(actor_label__icontains=self.who)
        if self.since:
            rows = rows.filter(at__gte=datetime.combine(self.since, time(), UTC))
        if self.until:
            rows = rows.filter(at__lt=datetime.combine(self.until, time(), UTC) + timedelta(days=1))
        if self.words:
            # A database may keep letters of other scripts escaped in its JSON.
            escaped = self.words.encode("ascii", "backslashreplace").decode()
            rows = rows.annotate(told=Cast("changes", TextField())).filter(
                Q(actor_label__icontains=self.words)
                | Q(subject_label__icontains=self.words)
                | Q(incident__code=self.words)
                | Q(ip=self.words)
                | Q(request_id=self.words)
                | Q(told__icontains=self.words)
                | Q(told__icontains=escaped)
            )
        return rows

    def as_told(self) -> dict[str, str]:
        """What the log says of an export of these."""
        given: dict[str, Any] = {
            "words": self.words, "who": self.who, "verb": self.verb, "kind": self.kind,
            "from": self.since or "", "to": self.until or "",
        }  # fmt: skip
        return {name: str(value) for name, value in given.items() if value}


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first; `?q=`, `?who=`, `?verb=`, `?kind=`, `?from=` and `?to=` (days, UTC) narrow it."""
    search = _search(request)
    page = page_of(request, search.rows())
    context = {
        "page": page,
        "lines": [
            Line(entry, audit_words.author_of(entry), audit_words.label_of(entry),
                 audit_words.kind_of(entry.subject_kind), audit_words.changes_of(entry))
            for entry in page
        ],
        "verbs": sorted(((each, happening(each)) for each in SENTENCES), key=lambda pair: pair[1]),
        "kinds": sorted(audit_words.kinds().items(), key=lambda pair: pair[1]),
        "search": search,
        "query": query_without_page(request),
    }  # fmt: skip
    return answer(request, "console/audit.html", context, fragment="table")


@require_POST
def export_log(request: HttpRequest) -> StreamingHttpResponse:
    """What the search in the address finds, oldest first, as CSV or (`format=jsonl`) as JSON lines."""
    search, is_json = _search(request), request.POST.get("format") == "jsonl"
    record_log_export(actor=actor_of(request), search=search.as_told())
    write, kind, ending = (
        (audit_lines.as_json, "application/jsonl", "jsonl") if is_json else (audit_lines.as_csv, "text/csv", "csv")
    )

    def of_one_state() -> Iterator[str]:
        with store.one_state():
            yield from write(search.rows().order_by("number").iterator(chunk_size=500))

    return StreamingHttpResponse(
        of_one_state(),
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-log.{ending}"'},
    )


def _search(request: HttpRequest) -> Search:
    since, until = _day(request, "from"), _day(request, "to")
    given = [bool(request.GET.get(name, "").strip()) for name in ("from", "to")]
    return Search(
        words=search_text(request),
        who=search_text(request, "who"),
        verb=request.GET.get("verb", ""),
        kind=search_text(request, "kind"),
        since=since,
        until=until,
        wrong=given != [since is not None, until is not None],
    )


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        day = date.fromisoformat(search_text(request, name))
    except ValueError:
        return None
    return day if 1970 <= day.year < 2200 else None
