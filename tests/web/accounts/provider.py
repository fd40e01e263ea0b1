"""A small OpenID Connect provider on the loopback address: discovery, keys, and a token for whatever it is told."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "candor", "a-secret-of-the-client"


class Provider:
    """What it says is set by a test: `claims` over what is right, `key` that signs, `is_without_token`."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with: Any = self.key
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.nonce = ""
        self.is_without_token = False
        self.asked: list[dict[str, list[str]]] = []
        self.url = ""

    def token(self) -> str:
        """The token of identity, signed."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "sub": "sub-of-noor", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "email": "noor@example.org", "email_verified": True, "preferred_username": "noor.n",
        }  # fmt: skip
        return jwt.encode(claims | self.claims, self.signs_with, self.algorithm, headers={"kid": "one"})

    def answer(self, path: str, posted: dict[str, list[str]]) -> dict[str, Any]:
        """What an address says."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
                "userinfo_endpoint": f"{self.url}/me", "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }  # fmt: skip
        if path == "/keys":
            return {"keys": [_jwk(self.key)]}
        self.asked.append(posted)
        token = {} if self.is_without_token else {"id_token": self.token()}
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, **token}


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            posted = parse_qs(self.rfile.read(length).decode())
            body = json.dumps(provider.answer(urlsplit(self.path).path, posted)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Not a word."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()

    def text(number: int) -> str:
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": text(numbers.n), "e": text(numbers.e)}
