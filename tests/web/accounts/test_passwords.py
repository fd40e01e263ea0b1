"""What a password may be, how it is kept, and how one comes by another."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from incidents.actions import roles
from incidents.actions.one_time import Opens, account_opened_by, one_time_token
from incidents.domain.actor import SYSTEM
from incidents.models import AuditEntry, OutboxEvent, PublicPage
from statuspage import settings as ours
from tests.web.accounts.account_world import (
    OTHER_PASSWORD,
    PASSWORD,
    letters,
    link_in,
    sign_in,
    somebody,
    verbs,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"new_password1": OTHER_PASSWORD, "new_password2": OTHER_PASSWORD}


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize(
    "weak",
    [
        "short77", "status-page", "Status-Page-2026!", "statuspage12", "Candor-Candor!", "acme-cloud-99",
        "AcmeCloud2026", "status.acme.example", "noor-noor-noor", "noor@example.org", "password1234", "123456789012",
        "x" * 129,
    ],
)  # fmt: skip
def test_short_common_and_context_words_are_refused(weak, settings):
    settings.SITE_URL = "https://status.acme.example"
    PublicPage.objects.create(id=1, code="acmecloudpag", name="Acme Cloud", updated_at=timezone.now())
    with pytest.raises(ValidationError):
        validate_password(weak, User(username="noor", email="noor@example.org"))


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "🦀🐙🦑🐳🐠🦈" * 2,
        "  blanks at both ends  ",
        "x7" * 64,
        "statuspage is not all of it",
    ],
)
def test_long_ones_emoji_and_blanks_are_kept_exactly(good):
    user = somebody()
    client = Client()
    sign_in(client)
    answer = client.post(
        "/console/change-password", {"old_password": PASSWORD, "new_password1": good, "new_password2": good}
    )
    assert answer.status_code == 302, answer.content.decode()
    assert sign_in(Client(), password=good).status_code == 302
    if good != good.strip():
        assert sign_in(Client(), password=good.strip()).status_code == 422
    user.refresh_from_db()
    assert user.check_password(good)


def test_a_password_is_kept_by_argon2id_with_nineteen_mebibytes(settings):
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_change_ends_the_other_sessions_and_is_mailed(drain):
    somebody()
    client, elsewhere = Client(), Client()
    sign_in(elsewhere)
    sign_in(client)
    answer = client.post("/console/change-password", {"old_password": PASSWORD, **NEW})
    assert answer["Location"] == "/console/account"
    assert client.get("/console/").status_code == 200
    assert elsewhere.get("/console/").status_code == 302
    drain()
    (letter,) = letters()
    assert "The password of your account was changed." in letter
    assert "List-Unsubscribe" not in letter
    assert "To: noor@example.org" in letter
    assert "password.changed" in verbs()


def test_the_old_password_is_asked_for():
    somebody()
    client = Client()
    sign_in(client)
    assert client.post("/console/change-password", {"old_password": "guess", **NEW}).status_code == 422
    assert sign_in(Client()).status_code == 302


def test_guessing_the_old_password_is_slowed_down_as_at_the_door():
    somebody()
    client = Client()
    sign_in(client)
    pages = [
        client.post("/console/change-password", {"old_password": f"guess {n}", **NEW}).content.decode()
        for n in range(8)
    ]
    assert "Too many wrong passwords" in pages[-1]
    assert verbs().count("account.refused") <= 6


def test_the_first_password_of_somebody_without_one_wants_a_proof(settings):
    settings.PROOF_MINUTES = 0
    client = Client()
    client.force_login(User.objects.create_user("lea", "lea@example.org"))
    assert client.get("/console/change-password").status_code == 403
    refused = client.post("/console/change-password", NEW)
    assert refused.status_code == 403
    assert OTHER_PASSWORD not in refused.content.decode(), "a password is never shown again"
    settings.PROOF_MINUTES = 5
    assert client.post("/console/change-password", NEW).status_code == 302
    assert sign_in(Client(), "lea", OTHER_PASSWORD).status_code == 302


class TestReset:
    def ask(self, address="noor@example.org", client=None):
        return (client or Client()).post("/console/reset-password", {"email": address})

    def test_a_link_that_scanners_have_looked_at_still_works_once(self, drain):
        somebody()
        elsewhere = Client()
        sign_in(elsewhere)
        assert self.ask().status_code == 200
        drain()
        path = link_in(letters()[-1], "reset-password")
        for _ in range(3):
            scanner = Client()
            assert scanner.get(path, headers={"Sec-Purpose": "prefetch"}).status_code == 302
            assert scanner.get("/console/reset-password/now").status_code == 200
            assert Client().head(path).status_code == 302
        client = Client()
        moved = client.get(path)["Location"]
        assert moved == "/console/reset-password/now", "the token is not in the address bar any more"
        assert client.post(moved, {"new_password1": "status-page", "new_password2": "status-page"}).status_code == 422
        assert client.post(moved, NEW)["Location"] == "/console/"
        assert client.get("/console/").status_code == 200
        assert elsewhere.get("/console/").status_code == 302, "other sessions have ended"
        assert Client().get(path).status_code == 410
        drain()
        assert "was changed" in letters()[-1]
        assert sign_in(Client(), password=OTHER_PASSWORD).status_code == 302

    def test_the_answer_is_the_same_for_everybody_and_so_is_the_work(self, django_assert_num_queries):
        somebody()
        User.objects.create_user("invited", "invited@example.org")
        self.ask("somebody@example.org")  # the page and its row of the first time
        answers, counts = [], []
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.ask()  # makes the row of the address, once
        for address in ("noor@example.org", "nobody@example.org", "invited@example.org"):
            with CaptureQueriesContext(connection) as seen:
                answers.append(self.ask(address).content.decode())
            counts.append(len(seen))
        assert answers[0] == answers[1] == answers[2]
        assert "If an account" in answers[0]
        assert len(set(counts)) == 1, counts
        assert OutboxEvent.objects.filter(audience__subscriber_id__gt=0).count() == 2

    def test_the_address_book_cannot_be_read_and_the_mailbox_not_filled(self):
        somebody()
        for _ in range(10):
            assert self.ask().status_code == 200
        assert OutboxEvent.objects.count() == 3
        codes = [self.ask(f"reader{n}@example.org").status_code for n in range(20)]
        assert codes[-1] == 429

    def test_a_link_is_void_after_an_hour_and_after_signing_in_and_opens_nothing_else(self):
        user = somebody()
        token = one_time_token(user, Opens.PASSWORD_RESET)
        assert account_opened_by(token, Opens.PASSWORD_RESET) == user
        assert account_opened_by(token, Opens.LAST_RESORT) is None
        assert account_opened_by(token[:-1] + ("A" if token[-1] != "A" else "B"), Opens.PASSWORD_RESET) is None
        assert Client().get(f"/console/last-resort/{token}").status_code == 404
        sign_in(Client())
        assert account_opened_by(token, Opens.PASSWORD_RESET) is None

    def test_an_old_link_is_void(self):
        import time_machine

        user = somebody()
        with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
            token = one_time_token(user, Opens.PASSWORD_RESET)
            clock.shift(3599)
            assert account_opened_by(token, Opens.PASSWORD_RESET) == user
            clock.shift(2)
            assert account_opened_by(token, Opens.PASSWORD_RESET) is None

    def test_the_link_has_the_configured_address_whatever_host_was_asked_for(self, drain, settings):
        somebody()
        assert Client(headers={"Host": "evil.example"}).post(
            "/console/reset-password", {"email": "noor@example.org"}
        ).status_code == 400  # fmt: skip
        settings.ALLOWED_HOSTS = ["*"]
        Client(headers={"Host": "evil.example"}).post("/console/reset-password", {"email": "noor@example.org"})
        drain()
        assert "evil.example" not in letters()[-1]
        assert link_in(letters()[-1], "reset-password")

    def test_the_token_stands_in_no_row_and_the_console_does_not_show_the_letter(self, drain):
        user = somebody(is_superuser=True)
        self.ask()
        drain()
        token = link_in(letters()[-1], "reset-password").rsplit("/", 1)[1]
        rows = str(list(OutboxEvent.objects.values())) + str(list(AuditEntry.objects.values()))
        assert token not in rows
        client = Client()
        client.force_login(user)
        assert "set a new password" not in client.get("/console/mailbox").content.decode()


class TestInvitation:
    def link(self) -> str:
        user = roles.add_person(actor=SYSTEM, username="lea", email="lea@example.org", roles=["author"])
        return "/console/people/password/{}/{}".format(*roles.invitation_of(user))

    def test_it_works_once_and_lets_in(self):
        path = self.link()
        client = Client()
        moved = client.get(path)["Location"]
        assert Client().get(path).status_code == 302, "looking changes nothing"
        assert client.post(moved, {"new_password1": "short", "new_password2": "short"}).status_code == 422
        assert client.post(moved, NEW)["Location"] == "/console/"
        assert client.get("/console/").status_code == 200
        gone = Client().get(path)
        assert "does not work any more" in gone.content.decode()
        assert verbs()[-2:] == ["password.changed", "account.signed_in"]

    def test_two_who_open_it_do_not_both_set_a_password(self):
        path = self.link()
        first, second = Client(), Client()
        moved = [client.get(path)["Location"] for client in (first, second)]
        assert first.post(moved[0], NEW).status_code == 302
        late = second.post(moved[1], {"new_password1": "another long evening", "new_password2": "another long evening"})
        assert late.status_code in (200, 422)
        assert sign_in(Client(), "lea", OTHER_PASSWORD).status_code == 302
