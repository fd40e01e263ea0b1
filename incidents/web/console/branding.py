"""How the public page looks: logo, accent colour, links at its end; and what that would look like, before it is saved.

The preview is a form that is sent into a frame, so it works without script; the script only sends it by itself.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import branding as actions
from incidents.actions import picture as picture_actions
from incidents.actions.refusals import Refused
from incidents.domain import branding
from incidents.domain.branding import DARK_GROUNDS, LIGHT_GROUNDS
from incidents.domain.picture import MAX_BYTES
from incidents.models import Picture, PublicPage
from incidents.publishing import pages, snapshot
from incidents.publishing.branding import look_of, source_of
from incidents.publishing.csp import csp
from incidents.publishing.store import one_state
from incidents.web.access import CONTENT_SECURITY_POLICY, actor_of, is_administrator
from incidents.web.console.forms import TextField
from incidents.web.console.submitting import submit

LOGOS = ("logo", "logo_dark")
FRAMING = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_PICTURES = "image/png,image/jpeg,image/webp,image/gif"


class _LogoField(forms.FileField):
    """A file that the action looks into; here it may be anything, an empty one too."""

    def __init__(self, **options: Any) -> None:
        widget = forms.FileInput(attrs={"accept": _PICTURES})
        super().__init__(required=False, allow_empty_file=True, widget=widget, **options)


class BrandingForm(forms.Form):
    """The looks of the page. `…_code` names a picture that is kept already; it outlives a refusal of the rest."""

    logo = _LogoField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("PNG, JPEG, WebP or GIF, up to 5 MB. It is shown 32 pixels high in place of the name."),
    )
    logo_code = forms.CharField(required=False, widget=forms.HiddenInput)
    is_without_logo = forms.BooleanField(label=gettext_lazy("Show the name instead of a logo"), required=False)
    logo_dark = _LogoField(
        label=gettext_lazy("Logo for the dark theme"),
        help_text=gettext_lazy("If there is none, a see-through logo stands on a white plate in the dark theme."),
    )
    logo_dark_code = forms.CharField(required=False, widget=forms.HiddenInput)
    is_without_logo_dark = forms.BooleanField(label=gettext_lazy("No logo for the dark theme"), required=False)
    accent = TextField(
        label=gettext_lazy("Accent colour"), required=False,
        widget=forms.TextInput(attrs={"size": 9, "placeholder": "#1a55b0", "spellcheck": "false"}),
        help_text=gettext_lazy("Of links and buttons. It must be readable: a contrast of 4.5 to 1."),
    )  # fmt: skip
    accent_dark = TextField(
        label=gettext_lazy("Accent colour of the dark theme"), required=False,
        widget=forms.TextInput(attrs={"size": 9, "placeholder": "#8ab8ff", "spellcheck": "false"}),
        help_text=gettext_lazy("Empty: a lighter form of the one above."),
    )  # fmt: skip
    footer_links = TextField(
        label=gettext_lazy("Links at the end of each page"), required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": gettext_lazy("Privacy https://example.org/privacy")}),
        help_text=gettext_lazy("One a line, up to 8: the words, then an address with https:// or mailto:."),
    )  # fmt: skip
    style_values = TextField(
        label=gettext_lazy("Style values"), required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "--radius: 4px", "spellcheck": "false"}),
    )  # fmt: skip
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        told = [_("One a line."), *(f"{name}: {actions.possible(name)}" for name in branding.VARIABLES)]
        self.fields["style_values"].help_text = format_html_join(mark_safe("<br>"), "{}", ((each,) for each in told))


@require_http_methods(["GET", "HEAD", "POST"])
def edit_branding(request: HttpRequest) -> HttpResponse:
    """Set the looks. For administrators."""
    _let_in(request)
    page = queries.the_page()
    if request.method != "POST":
        return _form(request, BrandingForm(initial=_initial(page)))
    data = request.POST.copy()
    for name in ("accent", "accent_dark"):  # the colour that was offered, taken by its own button
        data[name] = data.get(f"use_{name}") or data.get(name, "")
    form = BrandingForm(data, request.FILES)
    form.is_valid()
    for name in LOGOS:
        _take(request, form, data, name)
    if form.errors:
        return _form(request, form, 422)
    outcome = submit(form, lambda: actions.edit_branding(actor=actor_of(request), **_wanted(form, data)))
    if not outcome.is_done:
        return _form(request, form, outcome.status)
    messages.success(request, _("Saved. The public pages are being written anew."))
    return redirect("console:edit-branding")


@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
def preview_branding(request: HttpRequest) -> HttpResponse:
    """The front page as it is, or as it would be with what was typed; nothing is kept. For administrators."""
    _let_in(request)
    with one_state():
        truth = snapshot.build()
    row, sentence = queries.the_page(), ""
    brand = truth.page.brand
    if request.method == "POST":
        try:
            brand = look_of(*_typed(request, row))
        except Refused as refused:
            sentence = refused.sentence
    shown = pages.in_other_looks(truth, brand)
    if sentence:
        context = {"sentence": sentence, "is_preview": True}
        shown = pages.page_of(truth.page, "/", "refused", _("Preview"), context, status=422)
    policy = csp(brand.style, not sentence).replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return HttpResponse(shown.body, status=shown.status, headers={"Content-Security-Policy": policy})


def _typed(request: HttpRequest, row: PublicPage) -> tuple[PublicPage, Picture | None, Picture | None]:
    """The page and its logos as the form says, none of it saved. Raises Refused."""
    names = ("accent", "accent_dark", "footer_links", "style_values")
    actions.put_on(row, actions.checked(**{name: request.POST.get(name, "") for name in names}))
    logos: list[Picture | None] = []
    for name in LOGOS:
        file = request.FILES.get(name)
        if "is_without_" + name in request.POST:
            logos.append(None)
        elif isinstance(file, UploadedFile):
            logos.append(picture_actions.picture_of(picture_actions.logo_of(_bytes_of(file)), timezone.now()))
        else:
            logos.append(Picture.objects.filter(code=request.POST.get(f"{name}_code", "")).first())
    return row, logos[0], logos[1]


def _let_in(request: HttpRequest) -> None:
    if not is_administrator(request):
        raise Http404


def _take(request: HttpRequest, form: BrandingForm, data: Any, name: str) -> None:
    """Keep a file that was sent, so that it need not be chosen again if the rest is refused."""
    file = request.FILES.get(name)
    if not isinstance(file, UploadedFile) or form.cleaned_data.get("is_without_" + name):
        return
    try:
        picture = picture_actions.add_logo(actor=actor_of(request), data=_bytes_of(file), field=name)
    except Refused as refused:
        form.add_error(name, refused.sentence)
        return
    data[f"{name}_code"] = picture.code


def _bytes_of(file: UploadedFile[Any]) -> bytes:
    return bytes(file.read(MAX_BYTES + 1))  # one byte too many is enough to know


def _wanted(form: BrandingForm, data: Any) -> dict[str, Any]:
    told = form.cleaned_data
    codes = {name: "" if told["is_without_" + name] else data.get(f"{name}_code", "") for name in LOGOS}
    names = ("accent", "accent_dark", "footer_links", "style_values", "seen_version")
    return {**{name: told[name] for name in names}, **codes}


def _initial(page: PublicPage) -> dict[str, Any]:
    return {
        "logo_code": page.logo.code if page.logo else "",
        "logo_dark_code": page.logo_dark.code if page.logo_dark else "",
        "accent": page.accent,
        "accent_dark": page.accent_dark,
        "footer_links": "\n".join(f"{row['label']} {row['url']}" for row in page.footer_links),
        "style_values": "\n".join(f"{name}: {value}" for name, value in page.style_values.items()),
        "seen_version": page.version,
    }


def _form(request: HttpRequest, form: BrandingForm, status: int = 200) -> HttpResponse:
    codes = {name: form[f"{name}_code"].value() or "" for name in LOGOS}
    kept = {row.code: row for row in Picture.objects.filter(code__in=list(codes.values()))}
    context = {
        "form": form,
        "page": queries.the_page(),
        "logos": {name: source_of(kept[code]) for name, code in codes.items() if code in kept},
        "offers": {
            "accent": _offer(form, "accent", LIGHT_GROUNDS),
            "accent_dark": _offer(form, "accent_dark", DARK_GROUNDS),
        },
    }
    response = render(request, "console/branding.html", context, status=status)
    response["Content-Security-Policy"] = FRAMING
    return response


def _offer(form: BrandingForm, name: str, grounds: tuple[str, ...]) -> str:
    """The nearest colour that can be read, where the typed one was refused for that."""
    typed = branding.colour(str(form[name].value() or ""))
    return branding.nearest_readable(typed, grounds) if typed and form.is_bound and form[name].errors else ""
