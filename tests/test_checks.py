"""What an operator must not have set is an error, and what is wrong on the internet a warning of `check --deploy`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from incidents import checks
from statuspage import running
from tests.live.running import ROOT

GOOD = {
    "SITE_URL": "https://status.example.org", "SECRET_KEY": "k3" * 10 + "abcdefghijklmnopqrstuvwxyz", "DEBUG": False,
    "TRUSTED_PROXIES": ["10.0.0.1"], "ALLOWED_HOSTS": ["status.example.org"], "EMAIL_URL": "smtp+tls://u:p@mail.example",
}  # fmt: skip


def found(settings: Any, **given: Any) -> set[str]:
    for name, value in {**GOOD, **given}.items():
        setattr(settings, name, value)
    return {each.id or "" for each in (*checks.check_settings(), *checks.check_deployment())}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, set()),
        ({"DEBUG": True}, {"candor.E001"}),
        ({"DEBUG": True, "SITE_URL": "http://127.0.0.1:8000"}, set()),
        ({"SECRET_KEY": "secret"}, {"candor.E002"}),
        ({"SECRET_KEY": "a" * 64}, {"candor.E002"}),
        ({"TRUSTED_PROXIES": ["10.0.0.300"]}, {"candor.E003"}),
        ({"TRUSTED_PROXIES": ["0.0.0.0/0"]}, {"candor.E004"}),
        ({"TRUSTED_PROXIES": ["::/0"]}, {"candor.E004"}),
        ({"SITE_URL": "http://status.example.org"}, {"candor.W001"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"candor.W002"}),
        ({"TRUSTED_PROXIES": []}, {"candor.W003"}),
        ({"EMAIL_URL": "smtp://u:p@mail.example"}, {"candor.W004"}),
        ({"EMAIL_URL": "smtp://u:p@127.0.0.1"}, set()),
    ],
)
def test_what_is_set_wrongly_is_named(settings, given, expected):
    assert found(settings, **given) == expected


def run(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def test_an_installation_as_the_readme_describes_it_passes_all_checks_of_a_deployment(tmp_path):
    done = run(
        tmp_path, "check", "--deploy", "--fail-level", "WARNING",
        SITE_URL="https://status.example.org", TRUSTED_PROXIES="127.0.0.1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_debug_in_production_ends_every_command(tmp_path):
    done = run(tmp_path, "migrate", DEBUG="1", SITE_URL="https://status.example.org")
    assert done.returncode != 0
    assert "candor.E001" in done.stderr
    assert "Applying" not in done.stdout


@pytest.mark.parametrize(("host", "site"), [("0.0.0.0", "http://127.0.0.1:8000"), ("127.0.0.1", GOOD["SITE_URL"])])
def test_up_with_debug_listens_to_nobody_else(settings, host, site):
    settings.DEBUG, settings.SITE_URL = True, site
    with pytest.raises(CommandError, match="DEBUG"):
        running.up(host, 8289)


def test_a_secret_is_in_no_message_of_a_check(settings):
    settings.SECRET_KEY, settings.EMAIL_URL = "s3cret", "smtp://user:hunter2@mail.example"
    settings.SITE_URL, settings.DEBUG = "http://status.example.org", True
    text = " ".join(f"{each} {each.hint}" for each in (*checks.check_settings(), *checks.check_deployment()))
    assert "s3cret" not in text
    assert "hunter2" not in text
