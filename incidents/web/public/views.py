"""Subscribe, confirm, choose, leave. Nothing changes on GET: mail scanners follow every link.

Whoever has the token is the subscriber; there is no cookie and no session. The answer to a sign-up is the same for
every address. These pages are never stored, never indexed, and tell no other site where the reader came from.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions import subscriber as actions
from incidents.actions.refusals import Refused
from incidents.models import Component, Subscriber
from incidents.notifying.tokens import BadToken, Purpose, read_token
from incidents.publishing.csp import csp
from incidents.publishing.snapshot import page_view
from incidents.queries import the_page
from incidents.web import throttle
from incidents.web.client import client_ip, is_from_elsewhere, network_of
from incidents.web.public.forms import ScopeForm, SubscribeForm

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058 section 3.1
LARGEST_FORM_BYTES = 64 * 1024

View = Callable[..., HttpResponse]
_page_methods = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt  # the page is public bytes and carries no token; Origin, limits and the confirmation stand in for it
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask to be told. 200 and the same page whatever the address; 422 with what was typed if it cannot be one."""
    if is_from_elsewhere(request):
        return _answer("refused", {"sentence": _("This form was sent from another site.")}, status=403)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM_BYTES:
        return _answer("refused", {"sentence": _("That is too much for this form.")}, status=413)
    form = SubscribeForm(request.POST)
    if request.POST.get("website"):
        return _answer("subscribe_sent")
    if not form.is_valid():
        return _subscribe_again(request, _first_error(form))
    try:
        actions.sign_up(
            address=form.cleaned_data["address"],
            component_ids=form.cleaned_data["components"],
            has_reviews=form.cleaned_data["reviews"] is not False,
            client_ip=client_ip(request),
        )
    except Refused as refusal:
        return _subscribe_again(request, refusal.sentence, status=429 if refusal.field == "limit" else 422)
    return _answer("subscribe_sent")


def by_token(purpose: Purpose) -> Callable[[View], View]:
    """For views reached by a mailed link: reads the token and passes the subscriber, or answers 404."""

    def decorate(view: View) -> View:
        @csrf_exempt  # the token is the credential, and one-click requests carry nothing else
        @_page_methods
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            network = network_of(client_ip(request))
            if throttle.WRONG_TOKENS.is_reached(network):
                return _too_often()
            try:
                claim = read_token(purpose, token, timezone.now())
            except BadToken:
                throttle.WRONG_TOKENS.count_one(network)
                return _gone()
            if request.method == "POST" and throttle.SUBSCRIPTION_POSTS.count_one(str(claim.subscriber_id)):
                return _too_often()
            subscriber = Subscriber.objects.filter(pk=claim.subscriber_id).first()
            is_void = purpose == Purpose.CONFIRM and subscriber and subscriber.generation != claim.generation
            return _gone() if subscriber is None or is_void else view(request, subscriber)

        return guarded

    return decorate


@by_token(Purpose.CONFIRM)
def confirm(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """GET shows a button, POST confirms. A link that a newer one replaced, or that was used to leave, is gone."""
    if request.method != "POST":
        return _answer("confirmed" if subscriber.is_told else "confirm", {"subscriber": subscriber})
    try:
        confirmed = actions.confirm_subscriber(subscriber_id=subscriber.pk, generation=subscriber.generation)
    except Refused as refusal:
        return _answer("refused", {"sentence": refusal.sentence}, status=404)
    return _answer("confirmed", {"subscriber": confirmed})


@by_token(Purpose.MANAGE)
def subscription(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """The subscription: what it covers, and the way out. POST changes it."""
    if request.method != "POST":
        return _subscription_page(subscriber)
    try:
        if "leave" in request.POST:
            actions.unsubscribe(subscriber_id=subscriber.pk)
        elif "undo" in request.POST:
            actions.undo_unsubscribe(subscriber_id=subscriber.pk)
        else:
            form = ScopeForm(request.POST)
            if not form.is_valid():
                return _subscription_page(subscriber, _first_error(form), typed=request.POST, status=422)
            actions.change_scope(
                subscriber_id=subscriber.pk,
                has_all_components=form.cleaned_data["scope"] == "all",
                component_ids=form.cleaned_data["components"],
                has_reviews=form.cleaned_data["reviews"],
            )
    except Refused as refusal:
        return _subscription_page(subscriber, refusal.sentence, typed=request.POST, status=422)
    subscriber.refresh_from_db()
    return _subscription_page(subscriber, is_saved=True)


@by_token(Purpose.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """GET shows a button. POST of the one-click field (RFC 8058), which the button sends too, ends it at once."""
    sentence, is_back = "", False
    if request.method == "POST":
        try:
            if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
                subscriber = actions.unsubscribe(subscriber_id=subscriber.pk)
            elif "undo" in request.POST:
                subscriber, is_back = actions.undo_unsubscribe(subscriber_id=subscriber.pk), True
        except Refused as refusal:
            sentence = refusal.sentence
    context = {"subscriber": subscriber, "one_click": ONE_CLICK, "sentence": sentence, "is_back": is_back}
    return _answer("unsubscribe", context)


def _subscribe_again(request: HttpRequest, sentence: str, status: int = 422) -> HttpResponse:
    typed = {
        "address": request.POST.get("address", "")[:320].replace("\x00", ""),
        "chosen": [each for each in request.POST.getlist("components")[:1_000] if each.isdigit()],
        "has_reviews": request.POST.get("reviews") != "no",
    }
    return _answer("subscribe_again", {"sentence": sentence, **typed}, status=status)


def _subscription_page(
    subscriber: Subscriber,
    sentence: str = "",
    *,
    typed: QueryDict | None = None,
    is_saved: bool = False,
    status: int = 200,
) -> HttpResponse:
    chosen, has_all = set(subscriber.components.values_list("pk", flat=True)), subscriber.has_all_components
    has_reviews = subscriber.has_reviews
    if typed is not None and "scope" in typed:  # refused: what was ticked stays ticked
        has_all = typed["scope"] != "some"
        chosen = {int(each) for each in typed.getlist("components")[:1_000] if each.isascii() and each.isdigit()}
        has_reviews = typed.get("reviews", "yes" if has_reviews else "no") != "no"
    rows = Component.objects.filter(archived_at__isnull=True).order_by("position", "id")
    listed = [row for row in rows if not row.is_hidden_unless_degraded or row.pk in chosen]
    groups = [(row, [child for child in listed if child.group_id == row.pk]) for row in listed if row.group_id is None]
    context = {
        "groups": groups,
        "chosen": chosen,
        "has_all": has_all,
        "has_reviews": has_reviews,
        "subscriber": subscriber,
    }
    return _answer("subscription", {**context, "sentence": sentence, "is_saved": is_saved}, status=status)


def _first_error(form: Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _gone() -> HttpResponse:
    sentence = _("This link is not valid, or not any more. If you wanted to subscribe, do it again to get a new one.")
    return _answer("refused", {"sentence": sentence}, status=404)


def _too_often() -> HttpResponse:
    response = _answer("refused", {"sentence": _("Too many requests. Wait a minute, then try again.")}, status=429)
    response["Retry-After"] = str(throttle.seconds_left())
    return response


def _answer(template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    page = page_view(the_page(), timezone.now())
    # Rendered without the request: no context processor can touch a session, so no cookie is ever set here.
    whole = {"page": page, "site_title": page.name, "state": "neutral", "feeds": [], **(context or {})}
    response = HttpResponse(render_to_string(f"public/{template}.html", whole), status=status)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = csp(page.brand.style)
    # A form on a page with no-referrer is sent with `Origin: null`, which `subscribe` would take for another site's.
    response["Referrer-Policy"] = "same-origin" if template == "subscribe_again" else "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
