from __future__ import annotations

import ast
import contextlib
import gzip
import json
import resource
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from incidents import fetching
from incidents.domain.network import is_reachable
from incidents.fetching import Forbidden, NotFetched, Unreachable, check, fetch
from tests.sink import Sink, sink

ROOT = Path(__file__).parent
GROUPS = json.loads((ROOT / "data" / "bad_inputs.json").read_text())["groups"]
CASES = {case["id"]: case for group in GROUPS if group["group"] == "webhook_url" for case in group["cases"]}
# Plain http is allowed here, and no rule of one vendor's webhook address is about where a request goes.
NOT_ABOUT_ADDRESSES = {"webhook_url-66", "webhook_url-67", "webhook_url-69"}
# What the names in the cases stand for, where they have an address at all.
NAMES = {
    "metadata.google.internal": ["169.254.169.254"],
    "rebind.test": ["93.184.215.14", "127.0.0.1"],
    "example.com": ["93.184.215.14"],
}


@pytest.fixture
def names(monkeypatch):
    """Resolve the names above, and numbers in all their spellings as the system does. Returns what was asked for."""
    real, asked = socket.getaddrinfo, []

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        if host in NAMES:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in NAMES[host]]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def server(settings):
    """A server that the settings allow to be asked."""
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with sink() as told:
        yield told


@pytest.mark.parametrize("case", sorted(CASES.keys() - NOT_ABOUT_ADDRESSES))
def test_no_disguise_of_a_closed_address_is_asked(case, names, settings):
    settings.SITE_URL = "https://status.own.example"
    typed = CASES[case]["input"]
    if isinstance(typed, dict):
        typed = typed["prefix"] + typed["repeat"] * typed["count"] + typed["suffix"]
    for read in (check, fetch):
        with pytest.raises(Forbidden) as refusal:
            read(typed)
        assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize("case", sorted(NOT_ABOUT_ADDRESSES - {"webhook_url-66"}))
def test_an_address_is_judged_by_its_own_host_and_not_by_what_it_looks_like(case, names, monkeypatch):
    host = urlsplit(CASES[case]["input"]).hostname
    monkeypatch.setitem(NAMES, host, ["10.0.0.1"])
    with pytest.raises(Forbidden):
        fetch(CASES[case]["input"])
    monkeypatch.setitem(NAMES, host, ["93.184.215.14"])
    check(CASES[case]["input"])
    assert set(names) == {host}


def test_only_the_case_of_a_public_name_passes_the_check(names):
    check(CASES["webhook_url-66"]["input"])
    assert names == ["example.com"]


@pytest.mark.parametrize(
    "address",
    [
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "fe80::1",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "0.0.0.0",
        "100.64.0.1",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "203.0.113.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_closed_addresses(address):
    assert not is_reachable(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::5db8:d70e", "::ffff:1.1.1.1"])
def test_public_addresses(address):
    assert is_reachable(ip_address(address))


def test_an_allowed_network_opens_itself_and_nothing_beside_it():
    allowed = ["10.1.0.0/16", "fd00:1::/32"]
    assert is_reachable(IPv4Address("10.1.2.3"), allowed)
    assert is_reachable(ip_address("::ffff:10.1.2.3"), allowed)
    assert is_reachable(ip_address("fd00:1::9"), allowed)
    assert not is_reachable(IPv4Address("10.2.0.1"), allowed)


def test_an_answer_is_read_whole_with_its_validators(server, settings):
    url = server.say(
        "/feed?a=b", b"hello", ETag='"a1"', Last_Modified="Sat, 28 Nov 2026 12:00:00 GMT", Content_Type="text/x"
    )
    read = fetch(url, accept="text/x")
    assert (read.status, read.body, read.url, read.content_type) == (200, b"hello", url, "text/x")
    assert (read.etag, read.last_modified) == ('"a1"', "Sat, 28 Nov 2026 12:00:00 GMT")
    assert f"User-Agent: Candor/0.1.0 (+{settings.SITE_URL})\r\n" in server.requests[0]
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.requests[0]
    assert "Accept: text/x\r\n" in server.requests[0]
    assert "Cookie" not in server.requests[0]


def test_the_validators_of_last_time_are_sent_and_an_unchanged_answer_is_empty(server):
    url = server.say("/", status="304 Not Modified", ETag='"a1"')
    read = fetch(url, etag='"a1"', last_modified="Sat, 28 Nov 2026 12:00:00 GMT")
    assert (read.status, read.body) == (304, b"")
    assert 'If-None-Match: "a1"\r\n' in server.requests[0]
    assert "If-Modified-Since: Sat, 28 Nov 2026 12:00:00 GMT\r\n" in server.requests[0]


def test_feed_import_27_a_validator_with_line_breaks_is_neither_kept_nor_sent(server):
    url = server.do(
        "/", lambda used: used.sendall(b'HTTP/1.1 200 OK\r\nETag: W/"a\r\n b"\r\nContent-Length: 0\r\n\r\n')
    )
    kept = fetch(url).etag
    assert kept == 'W/"a b"'  # unfolded, one line
    fetch(url, etag=kept)
    assert 'If-None-Match: W/"a b"\r\n' in server.requests[-1]
    for weird in ('W/"a\r\nX-Evil: 1"', '"\x00"', '"é"', '"' + "a" * 400 + '"'):
        fetch(url, etag=weird, last_modified=weird)
        assert "If-" not in server.requests[-1]
        assert "X-Evil" not in server.requests[-1]


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "500 Oh", "204 No Content"])
def test_every_status_is_an_answer(server, status):
    assert fetch(server.say("/", status=status)).status == int(status[:3])


def test_a_proxy_in_the_environment_is_not_asked(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(server.say("/", b"x")).body == b"x"


def test_redirects_are_followed_five_times_and_no_further(server):
    for number in range(5):
        server.say(f"/{number}", status="302 Found", Location=f"/{number + 1}")
    assert fetch(server.say("/5", b"there")).url == server.url + "/5"
    assert fetch(server.url + "/0").url == server.url + "/5"
    server.say("/5", status="308 Permanent Redirect", Location="/0")
    with pytest.raises(Unreachable, match="more than 5 times"):
        fetch(server.url + "/0")


@pytest.mark.parametrize(
    "where",
    ["http://169.254.169.254/latest/", "http://localhost.:80/", "//[::1]/", "file:///etc/passwd", "http://u:p@x.org/"],
)
def test_a_redirect_to_a_closed_address_is_not_followed(server, where, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: real("127.0.0.2" if "localhost" in host else host, *a, **k)
    )
    with pytest.raises(Forbidden):
        fetch(server.say("/", status="301 Moved", Location=where))
    assert len(server.requests) == 1


@pytest.mark.parametrize("where", ["http://[", "http://a\\b/", "http://ex ample/", "https://x:y/", "data:,x"])
def test_a_redirect_to_nonsense_is_an_ordinary_failure(server, where):
    with pytest.raises(NotFetched):
        fetch(server.say("/", status="302 Found", Location=where))


def test_a_redirect_with_letters_beyond_ascii_is_followed(server):
    server.say("/%C3%BCber", b"there")
    assert fetch(server.say("/", status="302 Found", Location="/über")).body == b"there"


def test_a_redirect_to_this_page_itself_is_not_followed(server, settings):
    settings.SITE_URL = server.url
    with pytest.raises(Forbidden, match="this page itself"):
        fetch(server.url + "/history.atom")
    with sink() as other, pytest.raises(Forbidden, match="this page itself"):
        fetch(other.say("/", status="307 Temporary Redirect", Location=server.url + "/history.atom"))
    assert server.requests == []


def test_a_name_is_resolved_once_and_what_was_judged_is_what_is_asked(server, monkeypatch):
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))],
    )
    server.say("/", b"the first")
    assert fetch(f"http://rebind.test:{server.port}/").body == b"the first"
    assert f"Host: rebind.test:{server.port}\r\n" in server.requests[0]
    with pytest.raises(Forbidden):
        fetch(f"http://rebind.test:{server.port}/")


def test_the_next_address_is_tried_when_the_first_does_not_answer(server, settings, monkeypatch):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32", "::1/128"]
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    server.say("/", b"x")
    assert fetch(f"http://two.test:{server.port}/").body == b"x"


def test_an_unusual_port_is_asked_only_in_an_allowed_network(names, settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    check("http://127.0.0.1:6379/")
    with pytest.raises(Forbidden, match="Port 6379"):
        check("http://example.com:6379/")


def drip(used: socket.socket) -> None:
    with contextlib.suppress(OSError):
        used.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            used.sendall(b"x")
            time.sleep(0.05)


def drip_headers(used: socket.socket) -> None:
    with contextlib.suppress(OSError):
        used.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            used.sendall(b"x")
            time.sleep(0.05)


def go_on_forever(used: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            used.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)


def say_nothing(used: socket.socket) -> None:
    with contextlib.suppress(OSError):
        used.recv(1)


@pytest.mark.parametrize("act", [drip, drip_headers, go_on_forever, say_nothing])
def test_feed_import_11_the_deadline_holds_however_slowly_it_is_sent(server, act):
    begin = time.monotonic()
    with pytest.raises(Unreachable, match="not complete after 0.3 seconds"):
        fetch(server.do("/", act), deadline_seconds=0.3)
    assert time.monotonic() - begin < 2


def test_the_deadline_is_one_for_all_redirects(server):
    def lead_on(used: socket.socket) -> None:
        time.sleep(0.2)
        used.sendall(b"HTTP/1.1 302 F\r\nLocation: /a\r\n\r\n")

    server.do("/a", lead_on)
    with pytest.raises(Unreachable, match="not complete after"):
        fetch(server.url + "/a", deadline_seconds=0.3)


def test_a_resolver_that_hangs_is_waited_for_within_the_deadline(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: over.wait(20))
    begin = time.monotonic()
    with pytest.raises(Unreachable, match=r"The name slow\.test was not found"):
        fetch("https://slow.test/", deadline_seconds=0.2)
    assert time.monotonic() - begin < 2
    over.set()


def test_feed_import_10_a_compressed_body_counts_as_it_is_when_unpacked(server):
    assert fetch(server.say("/", gzip.compress(b"hello " * 1000), Content_Encoding="gzip")).body == b"hello " * 1000
    bomb = gzip.compress(b"\0" * 100_000_000, 6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreachable, match="longer than 1000000 bytes"):
        fetch(server.say("/", bomb, Content_Encoding="gzip"), limit_bytes=1_000_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


@pytest.mark.parametrize(("length", "is_whole"), [(1000, True), (1001, False)])
def test_the_longest_body_is_exactly_the_limit(server, length, is_whole):
    url = server.say("/", b"x" * length)
    if is_whole:
        assert len(fetch(url, limit_bytes=1000).body) == length
    else:
        with pytest.raises(Unreachable):
            fetch(url, limit_bytes=1000)


BROKEN = {
    "not http": b"hello\r\n\r\n",
    "nothing": b"",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "half a gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abc" * 99)[:20],
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc",
    "another compression": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    "a thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
    "a huge header": b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_a_whole_answer_is_none(server, kind):
    with pytest.raises(Unreachable):
        fetch(server.do("/", lambda used: used.sendall(BROKEN[kind])))


def test_a_chunked_answer_is_read(server):
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert fetch(server.do("/", lambda used: used.sendall(text))).body == b"abcde"


def test_nobody_listening_is_unreachable(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="did not answer"):
            fetch(f"http://127.0.0.1:{free.getsockname()[1]}/")


def secure_server(folder: Path, name: str) -> ssl.SSLContext:
    """A server's TLS for `name`, whose certificate is at folder/cert.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture
def secure(settings, tmp_path, monkeypatch):
    """A TLS server that is `good.test` for whoever trusts its certificate; every name leads to it."""
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: real("127.0.0.1", *a, **k))
    with sink(secure_server(tmp_path, "good.test")) as told:
        yield told


def test_a_certificate_must_be_trusted_and_of_the_name(secure: Sink, tmp_path, monkeypatch):
    secure.say("/", b"safe")
    with pytest.raises(Unreachable, match=r"certificate of good\.test"):
        fetch(f"https://good.test:{secure.port}/")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert fetch(f"https://good.test:{secure.port}/").body == b"safe"
    with pytest.raises(Unreachable, match=r"certificate of other\.test"):
        fetch(f"https://other.test:{secure.port}/")
    assert len(secure.requests) == 1


def test_the_deadline_holds_over_tls_and_https_is_not_left(secure: Sink, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    secure.do("/slow", drip)
    with pytest.raises(Unreachable, match="not complete after"):
        fetch(f"https://good.test:{secure.port}/slow", deadline_seconds=0.5)
    secure.say("/", status="302 Found", Location="http://good.test/")
    with pytest.raises(Forbidden, match="leads from https"):
        fetch(f"https://good.test:{secure.port}/")


# Their client is a library's: what is imported besides are the names of its faults.
FAULTS_OF_A_LIBRARY = {"web/accounts/single_sign_on.py": {"RequestException"}}


def test_no_other_module_of_the_application_opens_http():
    clients = {"urllib3", "requests", "httpx", "urllib.request"}
    app = Path(fetching.__file__).parent
    for path in app.rglob("*.py"):
        # What is in `static` is for others to run.
        if path.name != "fetching.py" and "static" not in path.parts:
            nodes = list(ast.walk(ast.parse(path.read_text())))
            names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            faults = FAULTS_OF_A_LIBRARY.get(str(path.relative_to(app)), set())
            names |= {
                node.module or ""
                for node in nodes
                if isinstance(node, ast.ImportFrom) and not {each.name for each in node.names} <= faults
            }
            assert not names & clients, path
