"""What was done, by whom, when."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from incidents.domain.verbs import SENTENCES, Verb
from incidents.models import AuditEntry
from incidents.models.words import happening
from incidents.web.console.paging import page_of, query_without_page, search_text
from incidents.web.htmx import answer


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first; `?q=` (who, or what it was done to) and `?verb=` narrow it."""
    text, verb = search_text(request), request.GET.get("verb", "")
    rows = AuditEntry.objects.select_related("incident").order_by("-id")
    if verb in list(Verb):
        rows = rows.filter(verb=verb)
    if text:
        rows = rows.filter(Q(actor_label__icontains=text) | Q(subject_label__icontains=text) | Q(incident__code=text))
    context = {
        "page": page_of(request, rows),
        "verbs": [(each, happening(each)) for each in SENTENCES],
        "verb": verb,
        "q": text,
        "query": query_without_page(request),
    }
    return answer(request, "console/audit.html", context, fragment="table")
