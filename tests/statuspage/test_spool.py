"""The folder that stands in for a broker: whole messages, each taken once, in their order."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from statuspage import spool


def connect(folder: Path) -> Connection:
    spool.register()
    spool.Transport.global_state.clear()  # what a process believes to be declared already, in whatever folder
    return Connection("spool://", transport_options=spool.transport_options(folder))


def publish(folder: Path, name: str, count: int, size: int) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("work", serializer="json")
        for number in range(count):
            queue.put({"from": name, "number": number, "padding": "x" * size})


def consume(folder: Path, found: Any, stop: Any) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("work", serializer="json")
        while True:
            try:
                message = queue.get(timeout=0.2)
            except Empty:
                if stop.is_set():
                    return
                continue
            found.put((message.payload["from"], message.payload["number"]))
            message.ack()


def take(queue: Any) -> Any:
    message = queue.get(timeout=5)
    message.ack()
    return message.payload


def test_messages_come_out_whole_in_the_order_they_went_in_and_leave_nothing(tmp_path):
    publish(tmp_path, "a", 20, 10)
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("work", serializer="json")
        assert [take(queue)["number"] for _ in range(20)] == list(range(20))
        with pytest.raises(Empty):
            queue.get(timeout=0.1)
    left = [each.name for each in (tmp_path / "spool").rglob("*") if each.is_file()]
    assert sorted(left) == [".lock", "work.exchange"]


def test_a_message_half_written_by_a_process_that_died_is_never_read(tmp_path):
    publish(tmp_path, "a", 1, 10)
    (tmp_path / "spool" / f".{time.time_ns():020d}_x.work.msg.y.tmp").write_bytes(b'{"body": "ha')
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("work", serializer="json")
        assert take(queue)["from"] == "a"
        with pytest.raises(Empty):
            queue.get(timeout=0.1)


def test_two_readers_beside_three_writers_get_every_large_message_once(tmp_path):
    """The case in which the stock transport's readers died within seconds."""
    spawn = multiprocessing.get_context("spawn")
    found, stop = spawn.Queue(), spawn.Event()
    writers = [spawn.Process(target=publish, args=(tmp_path, name, 60, 200_000)) for name in "abc"]
    readers = [spawn.Process(target=consume, args=(tmp_path, found, stop)) for _ in range(2)]
    for each in (*readers, *writers):
        each.start()
    seen = [found.get(timeout=60) for _ in range(180)]
    stop.set()
    for each in (*writers, *readers):
        each.join(20)
    assert [each.exitcode for each in (*writers, *readers)] == [0] * 5
    assert len(set(seen)) == 180
    assert found.empty()
