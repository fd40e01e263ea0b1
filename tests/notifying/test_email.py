"""The mail itself: headers, both parts, threading, links, and what hostile names do to it."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from django.test import override_settings

from incidents.notifying.announcement import announcement_of
from incidents.notifying.channels.email import EmailChannel
from incidents.notifying.protocol import Recipient
from incidents.notifying.tokens import Purpose, read_token
from tests.factories import utc

T0 = utc("2026-06-23 14:52")


def facts(sequence: int = 1, **overrides: Any) -> dict[str, Any]:
    incident = {
        "code": "abc123def456", "title": "Errors", "stage": "investigating", "impact": "major",
        "started_at": "2026-06-23T14:30:00+00:00", "advice": "Retry in a minute.",
        "advice_html": "<p>Retry in a minute.</p>", "components": [{"name": "API", "level": "major_outage"}],
    }  # fmt: skip
    update = {
        "code": f"update{sequence}", "sequence": sequence, "stage": "investigating", "is_reopening": False,
        "text": f"Text {sequence}.", "html": f"<p>Text <strong>{sequence}</strong>.</p>",
        "posted_at": "2026-06-23T14:52:00+00:00", "next_update_due_at": "2026-06-23T15:30:00+00:00",
        "component_changes": [{"name": "API", "region": "Region 1", "new_level": "major_outage"}],
    }  # fmt: skip
    return {
        "page": {"name": overrides.pop("page_name", "Acme")},
        "incident": incident | {"title": overrides.pop("title", "Errors")},
        "update": update | overrides,
    }


def parcel_of(*given: dict[str, Any], is_first: bool = True, event_id: int = 7, subscriber_id: int = 34) -> Any:
    letter = EmailChannel().render(announcement_of(given, is_first=is_first))
    return letter(Recipient(subscriber_id, "reader@example.org", 2, event_id, T0, T0))


def parsed(parcel: Any) -> EmailMessage:
    return email.message_from_bytes(parcel.body, policy=email.policy.default)


def part(message: EmailMessage, kind: str) -> str:
    content: str = message.get_body((kind,)).get_content()
    return content.replace("\r\n", "\n")


def test_every_mail_carries_the_headers_that_mail_programs_and_autoresponders_look_for() -> None:
    message = parsed(parcel_of(facts()))
    assert message["Subject"] == "[Acme] Errors — Investigating"
    assert message["From"] == "Acme <status@127.0.0.1>"
    assert message["To"] == "reader@example.org"
    assert message["Message-ID"] == "<e7.s34@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "Acme <updates.127.0.0.1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"].datetime == T0
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.defects == []


def test_all_mails_of_an_incident_share_one_thread_for_each_reader() -> None:
    first, second = parsed(parcel_of(facts(1), event_id=7)), parsed(parcel_of(facts(2), event_id=9))
    other = parsed(parcel_of(facts(2), event_id=9, subscriber_id=35))
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert other["References"] != first["References"]


def test_links_use_the_configured_address_and_tokens_for_their_purpose() -> None:
    with override_settings(SITE_URL="https://status.example.com"):
        message = parsed(parcel_of(facts()))
    text = part(message, "plain")
    manage = re.search(r"https://status\.example\.com/subscriptions/(\S+)", text)
    leave = re.search(r"https://status\.example\.com/unsubscribe/(\S+)", text)
    assert manage
    assert leave
    assert read_token(Purpose.MANAGE, manage[1], T0).subscriber_id == 34
    assert read_token(Purpose.UNSUBSCRIBE, leave[1], T0).subscriber_id == 34
    assert message["List-Unsubscribe"] == f"<{leave[0]}>"
    assert "https://status.example.com/incidents/abc123def456" in text
    html = part(message, "html")
    assert manage[0] in html
    assert leave[0] in html
    assert set(re.findall(r"https?://[^/\"<\s]+", text + html)) == {"https://status.example.com"}
    assert "<img" not in html
    assert "slot" not in text + html


def test_the_text_part_says_what_the_page_says() -> None:
    text = part(parsed(parcel_of(facts(2), is_first=False)), "plain")
    assert text.startswith("Errors — Investigating\n")
    assert "Investigating · 2026-06-23 14:52 UTC\n\nText 2.\n" in text
    assert "- API (Region 1): Major outage" in text
    assert "Next update by 2026-06-23 15:30 UTC." in text
    assert "Retry in a minute." in text
    assert "Sent to reader@example.org because this address is subscribed to Acme." in text


def test_two_recipients_differ_only_in_what_is_their_own() -> None:
    letter = EmailChannel().render(announcement_of([facts()], is_first=True))
    one = letter(Recipient(1, "a@example.org", 1, 7, T0, T0)).body
    two = letter(Recipient(2, "b@example.org", 1, 7, T0, T0)).body
    same = [re.sub(r"[ab]@example.org|[12]\.1\.\S+", "-", part(parsed_bytes(body), "plain")) for body in (one, two)]
    assert same[0] == same[1]
    assert b"b@example.org" not in one
    assert b"a@example.org" not in two


def parsed_bytes(body: bytes) -> EmailMessage:
    return email.message_from_bytes(body, policy=email.policy.default)


@pytest.mark.parametrize(
    "name",
    ['Acme "Status" <evil@x>', "Acme, Inc.", "Ácme Státus", "=?utf-8?q?=0ABcc=3A_x?=", "a\\b", "名" * 66, "s" * 200],
)
def test_the_page_name_is_one_display_name_whatever_it_holds(name: str) -> None:
    parcel = parcel_of(facts(page_name=name))
    message = parsed(parcel)
    # Not message["From"].addresses: Python 3.11 puts blanks into a long encoded name (RFC 2047 section 6.2).
    raw = email.message_from_bytes(parcel.body, policy=email.policy.compat32)["From"]
    shown, address = parseaddr(re.sub(r"\r\n", "", raw))
    assert (str(make_header(decode_header(shown))), address) == (name, "status@127.0.0.1")
    assert len(message["From"].addresses) == 1
    assert message["Bcc"] is None
    assert_well_formed(parcel.body)


@pytest.mark.parametrize(
    "title", ["=?utf-8?q?=0ABcc=3A_x?=", "Größe — 東京 🔥", "x" * 255, "é" * 255, "a: b, <c>", "тест " * 50]
)
def test_the_title_arrives_in_the_subject_as_it_was_typed(title: str) -> None:
    parcel = parcel_of(facts(title=title))
    message = parsed(parcel)
    assert re.sub(r"\s+", " ", message["Subject"]) == re.sub(r"\s+", " ", f"[Acme] {title} — Investigating")
    assert message["Bcc"] is None
    assert_well_formed(parcel.body)


def assert_well_formed(body: bytes) -> None:
    """RFC 5322 section 2.1.1: CRLF only, no line over 998; the head is ASCII."""
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(len(line) for line in body.split(b"\r\n")) <= 998
    assert body.split(b"\r\n\r\n")[0].isascii()


@pytest.mark.parametrize(
    "text", ["x" * 3_000, "ünï " * 2_000, ".\n..\n.", "From here\n\n> said", "trailing  \nspace", "=41"]
)
def test_any_text_arrives_intact(text: str) -> None:
    parcel = parcel_of(facts(text=text))
    assert text in part(parsed(parcel), "plain")
    assert_well_formed(parcel.body)


def test_text_of_an_author_cannot_close_the_html_nor_fill_a_slot() -> None:
    message = parsed(parcel_of(facts(title="<script>alert(1)</script>", page_name="</title><b>")))
    html = part(message, "html")
    assert "<script" not in html
    assert "</title><b>" not in html


def test_a_confirmation_asks_and_a_known_address_is_told_so() -> None:
    def mail(is_known: bool) -> EmailMessage:
        return parsed(parcel_of({"page": {"name": "Acme"}, "subscriber": {"is_known": is_known, "generation": 5}}))

    asked = part(mail(is_known=False), "plain")
    link = re.search(r"/confirm/(\S+)", asked)
    assert link
    assert read_token(Purpose.CONFIRM, link[1], T0).generation == 5
    known = part(mail(is_known=True), "plain")
    assert "/confirm/" not in known
    assert "/subscriptions/" in known


def test_a_mail_wears_the_accent_of_the_page_and_fetches_nothing() -> None:
    plain, told = facts(), facts()
    told["page"]["accent"] = "#7a1fa2"
    html = "".join(part(parsed(parcel_of(told)), "html").split())
    assert "border-top:4pxsolid#7a1fa2;" in html
    assert "<img" not in html
    assert "border-top:4px" not in "".join(part(parsed(parcel_of(plain)), "html").split())
    asking = {"page": told["page"], "subscriber": {"is_known": False, "generation": 5}}
    assert "background:#7a1fa2;" in "".join(part(parsed(parcel_of(asking)), "html").split())


def test_a_message_with_several_updates_has_the_newest_first_and_marks_the_others() -> None:
    text = part(parsed(parcel_of(facts(1), facts(2), facts(3))), "plain")
    order = [text.index(word) for word in ("Text 3.", "Earlier, not sent to you before:", "Text 2.", "Text 1.")]
    assert order == sorted(order)
    assert text.count("Earlier, not") == 1


def test_times_in_a_mail_are_those_of_the_event_not_of_the_attempt() -> None:
    letter = EmailChannel().render(announcement_of([facts()], is_first=True))
    later = datetime.fromisoformat("2026-06-23T20:00:00+00:00")
    assert (
        letter(Recipient(1, "a@example.org", 1, 7, T0, T0)).body
        == letter(Recipient(1, "a@example.org", 1, 7, T0, later)).body
    )


def test_the_state_of_a_component_is_said_once_and_what_did_not_move_is_no_change() -> None:
    api = {"name": "API", "region": "", "old_level": "operational", "new_level": "major_outage"}
    chat = {"name": "Chat", "region": "", "old_level": "partial_outage", "new_level": "partial_outage"}
    text = part(parsed(parcel_of(facts(component_changes=[api, chat]))), "plain")
    assert text.count("- API: Major outage") == 1
    assert "Chat" not in text
    both = part(parsed(parcel_of(facts(1, component_changes=[api]), facts(2))), "plain")
    assert "- API: Major outage" in both.split("Earlier, not sent to you before")[1], "what an older update changed"


def test_what_to_do_meanwhile_is_not_said_once_it_is_over() -> None:
    assert "Retry in a minute." in part(parsed(parcel_of(facts())), "plain")
    over = parsed(parcel_of(facts(stage="resolved"), is_first=False))
    assert "Retry in a minute." not in part(over, "plain") + part(over, "html")
