"""Bodies of programs that cannot be: refused with a sentence by every door, quickly, and never a fault.

Ids are those of `text_unicode_xml` in the bad inputs.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from incidents.models import Incident
from tests.inbound_world import make_source
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db
BODIES: dict[str, list[tuple[bytes, str]]] = {
    "text_unicode_xml-03": [
        (b'{"incident": {"name": "a\\u0000b"}, "title": "a\\u0000b"}', "application/json"),
        (b'{"incident": {"name": "a\x00b"}, "title": "a\x00b"}', "application/json"),
    ],
    "text_unicode_xml-20": [
        (b'{"incident": {"name": %s}, "title": %s}' % (each, each), "application/json")
        for each in (b"1e309", b"NaN", b"Infinity", b"-Infinity", b"1" * 5_000)
    ],
    "text_unicode_xml-21": [
        (b'{"incident": {"name": "x", "status": "resolved", "status": "nonsense"}}', "application/json")
    ],
    "text_unicode_xml-22": [
        (b"[" * 50_000, "application/json"),
        (b'{"incident":' * 20_000, "application/json"),
        (b'{"incident": {"name": ' + b"[" * 40_000 + b"]" * 40_000 + b"}}", "application/json"),
    ],
    "text_unicode_xml-23": [
        ('{"incident": {"name": "x"}}'.encode("utf-16"), "application/json; charset=utf-16"),
        (b'{"incident": {"name": "\xe9"}}', "application/json; charset=latin-1"),
        (b'{"incident": {"name": "x"}}', "application/json; charset=nonsense"),
    ],
}
CASES = [
    pytest.param(body, kind, id=case if not number else f"{case}-{number}")
    for case, bodies in BODIES.items()
    for number, (body, kind) in enumerate(bodies)
]


@pytest.mark.parametrize(("body", "kind"), CASES)
def test_a_body_that_cannot_be_is_refused_and_never_a_fault(body: bytes, kind: str):
    caller = Caller()
    _source, key = make_source()
    for path in (f"{caller.page}/incidents", f"/inbound/generic/{key}"):
        client = Client(headers={"Authorization": f"OAuth {caller.key}"}, raise_request_exception=False)
        started = time.thread_time()
        answer = client.generic("POST", path, body, content_type=kind)
        assert time.thread_time() - started < 1
        told = json.loads(answer.content)
        if answer.status_code in (201, 202):  # an odd text of a monitor is cleaned; an odd charset may still be read
            assert "\x00" not in str(told)
            continue
        assert answer.status_code in (400, 413, 415, 422), answer.content
        assert told["message"]
        assert "Traceback" not in answer.content.decode()
    assert all(row.title.isprintable() for row in Incident.objects.all())


@pytest.mark.parametrize("case", ["text_unicode_xml-24"])
def test_a_byte_order_mark_is_read_over_or_refused(case: str):
    caller = Caller()
    answer = caller.call("POST", "/incidents", "\ufeff".encode() + b'{"incident": {"name": "Errors"}}')
    assert answer.status_code in (201, 400)
    assert Incident.objects.count() == (1 if answer.status_code == 201 else 0)


@pytest.mark.parametrize("case", ["text_unicode_xml-21"])
def test_of_two_keys_with_one_name_the_last_counts_for_every_reader(case: str):
    caller = Caller()
    made: Any = json.loads(
        caller.call("POST", "/incidents", b'{"incident": {"name": "First", "name": "Second"}}').content
    )
    assert (made["name"], Incident.objects.get().title) == ("Second", "Second")
