"""The cookies of the console: nobody but the site itself can set, read or send them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.live.running import ROOT

ASK = """
import django; django.setup()
from django.conf import settings as s
from django.test import Client
from django.core.management import call_command
call_command("migrate", verbosity=0)
answer = Client().get("/console/sign-in", secure=True, HTTP_HOST="status.example.org")
for name, each in answer.cookies.items():
    print(name, bool(each["secure"]), bool(each["httponly"]), each["samesite"], each["path"], each["domain"] or "-")
print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)
"""


def test_cookies_of_an_https_site_cannot_be_set_or_read_by_others(tmp_path: Path):
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    env["SITE_URL"] = "https://status.example.org"
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=120
    )
    *cookies, session = done.stdout.strip().splitlines()
    assert "__Host-csrf True True Lax / -" in cookies
    for line in cookies:
        name, secure, http_only, same_site, path, domain = line.split()
        assert name.startswith("__Host-")
        assert (secure, http_only, path, domain) == ("True", "True", "/", "-")
        assert same_site in ("Lax", "Strict")
    assert session == "__Host-session True True Lax"


def test_on_a_desk_without_tls_they_work_and_are_as_closed_as_they_can_be():
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
