"""No key, token or password in any log, page or fault: a whole story is told, and every line of it is searched."""

from __future__ import annotations

import io
import logging
import logging.config
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import OperationalError
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from incidents.actions.first_link import first_link_token
from incidents.models import ApiToken, AuditEntry, InboundSource
from incidents.notifying import mail, mailbox
from incidents.web import access
from statuspage.forward import Forwarder
from tests.factories import open_incident
from tests.web.test_every_answer import ask

pytestmark = pytest.mark.django_db
SMTP_PASSWORD = "hunter2/and%more"
PASSWORD = "correct horse battery"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the handler of the settings writes, at the most talkative level."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    config = django_settings.LOGGING
    for name in config["handlers"]["console"]["filters"]:
        handler.addFilter(logging.config.BaseConfigurator({}).resolve(config["filters"][name]["()"])())
    handler.setFormatter(logging.Formatter(config["formatters"]["line"]["format"]))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet = logging.getLogger("django.db.backends")
    quiet.setLevel(logging.INFO)  # queries are logged under DEBUG alone, which production refuses
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_token_and_no_key_of_a_whole_story_is_in_any_log(
    client: Client, drain: Callable[..., None], log: io.StringIO, settings: Any
) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    client.raise_request_exception = False
    secrets = {"first link": first_link_token()}
    client.get(f"/console/set-up/{secrets['first link']}x")
    client.post(f"/console/set-up/{secrets['first link']}", {"username": "maria", "password": PASSWORD})
    maria = User.objects.get()
    secrets["session"] = client.session.session_key or ""
    uid, token = urlsafe_base64_encode(force_bytes(maria.pk)), default_token_generator.make_token(maria)
    secrets["password link"] = token
    client.get(f"/console/people/password/{uid}/{token}x")
    made = client.post("/console/tokens/make", {"name": "robot", "scopes": ["read", "incidents"]}).content.decode()
    secrets["key of the API"] = re.findall(r"candor_[\w-]{43}", made)[0]
    source = client.post("/console/sources/add", {"name": "Prometheus", "kind": "generic", "is_enabled": "on"})
    secrets["key of a monitor"] = re.findall(r"/inbound/generic/([\w-]{20,})", source.content.decode())[0]
    rows = f"{ApiToken.objects.values()} {InboundSource.objects.values()}"
    assert secrets["key of the API"] not in rows
    assert secrets["key of a monitor"] not in rows

    reader = Client(raise_request_exception=False)
    reader.post("/subscribe", {"address": "new@example.org"})
    drain()
    for kind, path in re.findall(
        r"127\.0\.0\.1:8000(/(?:confirm|unsubscribe|subscriptions)/)(\S+)", mailbox.messages()[0].text
    ):
        secrets[f"link to {kind}"] = path
        reader.get(f"{kind}{path}")
        reader.post(f"{kind}{path}", {"scope": "junk"})
        reader.get(f"{kind}{path}x")
        reader.put(f"{kind}{path}")
    robot = Client(headers={"Authorization": f"OAuth {secrets['key of the API']}"}, raise_request_exception=False)
    robot.get("/v1/pages/x")
    robot.get(f"/v1/pages?api_key={secrets['key of the API']}")
    robot.post(f"/inbound/generic/{secrets['key of a monitor']}", "[", content_type="application/json")
    robot.get(f"/inbound/generic/{secrets['key of a monitor']}")
    open_incident(title="Errors")
    drain()
    guard = Forwarder("http://127.0.0.1:9", at_once=2, deadline_seconds=1)
    for path in (f"/unsubscribe/{secrets['link to /unsubscribe/']}", f"/inbound/generic/{secrets['key of a monitor']}"):
        assert ask(guard, path)[0] == 503  # type: ignore[arg-type]

    assert len(secrets) >= 7
    written = log.getvalue()
    assert "/inbound/generic/…" in written, "the log did tell of it"
    assert "no answer to GET /unsubscribe/…" in written
    entries = "".join(str(row) for row in AuditEntry.objects.values())
    for name, secret in secrets.items():
        assert len(secret) > 15, name
        assert secret not in written, name
        assert secret not in entries, f"{name} is in the audit log"
    assert PASSWORD not in written + entries


def test_the_password_of_the_mail_server_and_the_secret_key_are_nowhere(
    console: Client, responder: User, drain: Callable[..., None], log: io.StringIO, settings: Any, monkeypatch: Any
) -> None:
    settings.SECRET_KEY = "a-secret-key-that-nobody-prints-0123456789"
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    console.force_login(responder)
    for address in (
        f"smtp://user:{SMTP_PASSWORD}@127.0.0.1:9", "smtp://user:hunter2@127.0.0.1:9", "pop3://user:hunter2@mail.example",
        "smtp://user:hunter2@", "smtp://user:hunter2@127.0.0.1:port", "smtp://user:hunter2@[::1",
    ):  # fmt: skip
        settings.EMAIL_URL = address
        Client().post("/subscribe", {"address": "new@example.org"})
        drain()
        pages = [
            console.get(path).content.decode()
            for path in ("/console/", "/console/deliveries", "/console/page", "/console/sending")
        ]
        pages += [Client().get(path).content.decode() for path in ("/healthz", "/readyz")]
        for text in (*pages, log.getvalue()):
            assert "hunter2" not in text, address
            assert settings.SECRET_KEY not in text

    def fails(*_args: Any, **_kwargs: Any) -> None:
        secret = settings.SECRET_KEY  # noqa: F841 - a local variable of the frame that fails
        raise OperationalError(f"connection to {settings.EMAIL_URL} failed")

    monkeypatch.setattr(access, "redirect_to_login", fails)
    fault = Client(raise_request_exception=False).get("/console/")
    assert fault.status_code == 503
    assert "hunter2" not in fault.content.decode()
    assert settings.SECRET_KEY not in fault.content.decode() + log.getvalue()


@pytest.mark.parametrize(
    "address",
    ["smtp://u:hunter2/x@mail.example:25", "smtp://u:hunter2@mail.example:x", "smtp://u:hunter2@[::1", "hunter2"],
)
def test_an_address_of_a_server_that_cannot_be_read_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="must look like") as refusal:
        mail.MailServer.from_url(address)
    assert "hunter2" not in str(refusal.value)
