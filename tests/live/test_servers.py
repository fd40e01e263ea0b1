"""The same code on PostgreSQL with Redis or RabbitMQ: an update is seen, and told, as on SQLite with the spool."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import amqp
import psycopg
import pytest
import redis

from tests.conftest import answers, needs
from tests.live.running import Running, hidden_fields, running, until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.postgres]
MAINTENANCE = "postgres://postgres@127.0.0.1:5432/postgres"


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database of this test's own on the server that runs here."""
    needs(answers(5432), "PostgreSQL")
    name = f"candor_live_{os.getpid()}"
    with psycopg.connect(MAINTENANCE, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield f"postgres://postgres@127.0.0.1:5432/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(
    params=[pytest.param("redis", marks=pytest.mark.redis), pytest.param("amqp", marks=pytest.mark.rabbitmq)]
)
def broker(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The address of a broker, and a queue of this test's own, which is taken away at the end."""
    queue = f"candor-test-{uuid.uuid4().hex[:8]}"
    if request.param == "redis":
        needs(answers(6379), "Redis")
        yield "redis://127.0.0.1:6379/0", queue
        client = redis.Redis()
        client.delete(queue, f"_kombu.binding.{queue}")
    else:
        needs(answers(5672), "RabbitMQ")
        yield "amqp://guest:guest@127.0.0.1:5672//", queue
        with amqp.Connection("127.0.0.1:5672") as connection:
            connection.channel().queue_delete(queue)


def is_seen(site: Running, words: str) -> bool:
    return words in site.get("/").data.decode()


def test_an_update_is_seen_and_told(tmp_path: Path, database_url: str, broker: tuple[str, str]):
    url, queue = broker
    servers = {"DATABASE_URL": database_url, "BROKER_URL": url, "BROKER_QUEUE": queue, "SECRET_KEY": "for-this-test"}
    with running(tmp_path, **servers) as site:
        site.sign_in()
        match = re.search(r'href="(/incidents/[a-z0-9]{12})"', site.get("/").data.decode())
        assert match
        composer = f"/console{match[1]}/update"
        mails = tmp_path / "mail"
        before = len(list(mails.glob("*.eml")))
        for number in range(3):
            form = hidden_fields(site.console(composer).data.decode())
            body = f"Through the servers, {number}."
            fields = {**form, "stage": "identified", "body": body, "due": "none", "is_notifying": "on"}
            assert site.console(composer, fields).status == 302
            until(partial(is_seen, site, body), 1, "the update on the page")
        until(lambda: len(list(mails.glob("*.eml"))) > before, 10, "the mail")
        assert list(tmp_path.glob("spool*")) == []
