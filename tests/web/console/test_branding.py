"""The looks of the page in the console: kept, refused with a reason, previewed; and for administrators only."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from incidents.actions import branding as actions
from incidents.actions import picture as picture_actions
from incidents.actions.refusals import Conflict, Refused
from incidents.models import AuditEntry, OutboxEvent, Picture, PublicPage
from incidents.publishing.store import republish
from tests.acts_looks import a_file
from tests.factories import account, make_component
from tests.workflow_world import person

pytestmark = pytest.mark.django_db
LOOKS, PREVIEW = "/console/page/looks", "/console/page/looks/preview"


def text(answer: Any) -> str:
    return unescape(" ".join(answer.content.decode().split()))


def sent(data: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/png")


@pytest.fixture
def administrator(console, responder):
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    make_component()
    return console


def form(**more: Any) -> dict[str, Any]:
    return {"seen_version": PublicPage.objects.get().version, **more}


def test_all_of_it_is_kept_and_told_in_the_log(administrator):
    links = "Privacy https://example.org/privacy\n\nWrite to us mailto:help@example.org"
    answer = administrator.post(
        LOOKS,
        form(accent="1A55B0", footer_links=links, style_values="--radius: 4px\n--font: serif", logo=sent(a_file())),
    )
    assert answer.status_code == 302
    page = PublicPage.objects.get()
    assert (page.accent, page.accent_dark, page.version) == ("#1a55b0", "", 2)
    assert page.footer_links == [
        {"label": "Privacy", "url": "https://example.org/privacy"},
        {"label": "Write to us", "url": "mailto:help@example.org"},
    ]
    assert page.style_values == {"--radius": "4px", "--font": "serif"}
    assert page.logo == Picture.objects.get()
    entry, upload = AuditEntry.objects.all()[:2]
    assert (entry.verb, upload.verb) == ("page.branded", "picture.added")
    assert entry.changes["accent"] == ["", "#1a55b0"]
    assert entry.changes["logo"] == ["", page.logo.path]
    assert OutboxEvent.objects.latest("pk").reach == "page"
    shown = text(administrator.get(LOOKS))
    assert "Privacy https://example.org/privacy Write to us mailto:help@example.org" in shown
    assert "data:image/webp;base64," in shown


def test_saving_the_same_again_changes_nothing(administrator):
    administrator.post(LOOKS, form(accent="#1a55b0"))
    before = AuditEntry.objects.count()
    assert administrator.post(LOOKS, form(accent="#1a55b0")).status_code == 302
    assert AuditEntry.objects.count() == before
    assert PublicPage.objects.get().version == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"accent": "blue"}, "“blue” is no colour. Write it as #1a55b0."),
        ({"accent": "#ffd400"}, "on #fdf0f0 is 1.28 to 1, and 4.5 to 1 is needed. The nearest colour"),
        ({"accent_dark": "#1a1a1a"}, "in the dark theme: its contrast on"),
        ({"footer_links": "Home http://example.org"}, "Line 1 must end with an address that begins with https://"),
        ({"footer_links": "Home https://example.org\nX javascript:alert(1)"}, "Line 2 must end with an address"),
        ({"footer_links": "X https://u:p@example.org/"}, "must end with an address"),
        ({"footer_links": "X https://example.org/<script>"}, "must end with an address"),
        ({"footer_links": "X mailto:a@b.example?bcc=c@d.example"}, "must end with an address"),
        ({"footer_links": "https://example.org"}, "Line 1 has no words before the address."),
        ({"footer_links": f"{'x' * 41} https://example.org"}, "have 41 characters; at most 40"),
        ({"footer_links": "A https://example.org\n" * 9}, "At most 8 links fit; these are 9."),
        ({"style_values": "--radius: 4px;"}, "Line 1: --radius cannot be “4px;”. Possible are whole pixels from 0px"),
        ({"style_values": "--radius: 0\n--space: 30px"}, "Line 2: --space cannot be “30px”. Possible are 24px to 72px"),
        ({"style_values": "--font: Papyrus"}, "Possible are system, humanist,"),
        ({"style_values": "--link: #fff"}, "--link cannot be set. These can: --radius, --space, --width, --font."),
        ({"style_values": "body { display: none }"}, "Line 1 cannot be read."),
        ({"style_values": "--radius: url(x)"}, "Line 1: --radius cannot be “url(x)”."),
        ({"style_values": "--radius: 0\n--radius: 4px"}, "Line 2 sets --radius a second time."),
        ({"logo": sent(b"")}, "The file is empty. Choose a picture."),
        ({"logo": sent(b"<svg onload=alert(1)>")}, "SVG is not taken, because it can hold programs."),
        ({"logo": sent(b"MZ" * 500)}, "This is no picture that can be read. PNG, JPEG, WebP and GIF are taken."),
        ({"logo": sent(a_file()[:60])}, "The picture is damaged or cut off."),
        ({"logo": sent(b"\x89PNG" + bytes(6_000_000))}, "The file has more than 5 MB."),
        ({"logo_dark": sent(a_file())}, "Choose a logo for the light theme too"),
        ({"logo_code": "nowhere"}, "The picture is not kept any more. Choose the file again."),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_typed_is_lost(administrator, wrong, sentence):
    fine = {
        "accent": "#123456",
        "accent_dark": "#abcdef",
        "footer_links": "Ours https://example.org/",
        "style_values": "",
    }
    for file in (each for each in wrong.values() if not isinstance(each, str)):
        file.seek(0)
    answer = administrator.post(LOOKS, form(**{**fine, **wrong}))
    assert answer.status_code == 422
    told = text(answer)
    assert sentence in told
    for name, value in fine.items():
        typed = wrong.get(name, value)
        assert " ".join(typed.split()) in told
    page = PublicPage.objects.get()
    assert (page.accent, page.logo, page.footer_links, page.style_values) == ("", None, [], {})


def test_a_file_that_was_fine_need_not_be_chosen_again_when_the_rest_is_refused(administrator):
    refused = administrator.post(LOOKS, form(accent="#ffd400", logo=sent(a_file())))
    assert refused.status_code == 422
    code = Picture.objects.get().code
    assert f'value="{code}"' in text(refused)
    assert administrator.post(LOOKS, form(accent="#123456", logo_code=code)).status_code == 302
    assert PublicPage.objects.get().logo.code == code


def test_the_nearest_colour_is_offered_with_a_button_that_takes_it(administrator):
    refused = text(administrator.post(LOOKS, form(accent="#ffd400")))
    offered = re.search(r'name="use_accent" value="(#[0-9a-f]{6})"', refused)
    assert offered
    assert f"Save with {offered[1]}" in refused
    assert administrator.post(LOOKS, form(accent="#ffd400", use_accent=offered[1])).status_code == 302
    assert PublicPage.objects.get().accent == offered[1]


def test_somebody_elses_change_in_between_is_not_overwritten(administrator):
    seen = form()
    administrator.post(LOOKS, form(accent="#123456"))
    answer = administrator.post(LOOKS, seen | {"accent": "#1a55b0"})
    assert answer.status_code == 409
    assert "Somebody else changed the page while you were at it." in text(answer)
    assert PublicPage.objects.get().accent == "#123456"
    with pytest.raises(Conflict):
        actions.edit_branding(actor=person("ada", "administrator"), seen_version=1)


def test_a_logo_is_taken_away_and_its_bytes_with_it(administrator):
    administrator.post(LOOKS, form(logo=sent(a_file()), logo_dark=sent(a_file(colour=90))))
    page = PublicPage.objects.get()
    assert Picture.objects.count() == 2
    codes = {"logo_code": page.logo.code, "logo_dark_code": page.logo_dark.code}
    administrator.post(LOOKS, form(**codes, is_without_logo_dark="on"))
    assert list(Picture.objects.all()) == [page.logo]
    administrator.post(LOOKS, form(logo_code=page.logo.code, is_without_logo="on"))
    assert not Picture.objects.exists()
    assert PublicPage.objects.get().logo is None


def test_a_picture_that_nothing_shows_is_forgotten_after_a_day():
    ada = person("ada", "administrator")
    shown, waiting = (picture_actions.add_logo(actor=ada, data=a_file()) for _ in range(2))
    actions.edit_branding(actor=ada, logo=shown.code)
    assert picture_actions.forget_pictures() == 0
    assert picture_actions.forget_pictures(now=timezone.now() + timedelta(days=2)) == 1
    assert list(Picture.objects.all()) == [shown]
    assert waiting.pk != shown.pk


def test_the_preview_shows_what_was_typed_and_keeps_none_of_it(administrator):
    republish()
    answer = administrator.post(
        PREVIEW, form(accent="#123456", footer_links="Ours https://example.org/", logo=sent(a_file()))
    )
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "--link:#123456" in body
    assert 'href="https://example.org/"' in body
    assert "data:image/webp;base64," in body
    assert "data-live" not in body
    page = PublicPage.objects.get()
    assert (page.accent, page.version, Picture.objects.count()) == ("", 1, 0)
    assert "--link:#123456" not in administrator.get(PREVIEW).content.decode()


def test_the_preview_may_be_framed_by_the_console_and_runs_only_what_is_ours(administrator):
    answer = administrator.post(PREVIEW, form(accent="#123456"))
    policy = answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in policy
    style = re.search(r"<style>(.*?)</style>", answer.content.decode(), re.DOTALL)[1]
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert "frame-src 'self'" in administrator.get(LOOKS)["Content-Security-Policy"]


def test_the_preview_says_what_is_wrong(administrator):
    answer = administrator.post(PREVIEW, form(accent="#ffd400"))
    assert answer.status_code == 422
    assert "The nearest colour that has it is" in text(answer)
    for wrong in ({"logo": sent(b"nothing")}, {"style_values": "--radius: }"}):
        assert administrator.post(PREVIEW, form(**wrong)).status_code == 422


def test_only_administrators_may(client):
    make_component()
    client.force_login(account("noor", "viewer", "author", "publisher", "approver"))
    for address in (LOOKS, PREVIEW):
        assert client.get(address).status_code == 404
        assert client.post(address, form(accent="#123456")).status_code == 404
    for write in (
        lambda: actions.edit_branding(actor=person("paul", "publisher"), accent="#123456"),
        lambda: picture_actions.add_logo(actor=person("paul", "publisher"), data=a_file()),
    ):
        with pytest.raises(Refused):
            write()
    assert not Picture.objects.exists()
