"""The house, from the ground up. A package imports only what stands above it in this list.

- `domain`: the rules. Levels, stages and moves, interval sums, uptime, safe Markdown; pure Python.
- `models`: the memory. Tables and constraints.
- `queries`: reads that more than one caller shares.
- `counting`: days, months, verdicts and their evidence; what needs a responder now.
- `outbox`: append an event inside the transaction; ring the bell after commit.
- `chain`: append to the hash chain of the public record inside the transaction; verify it.
- `archive`: the records as JSON lines to take away: what of each table is public, and how a row is written and read.
- `fetching`: read an address that somebody gave; the only HTTP client.
- `reviewing`: milestones and durations; timeline, figures, checks and public document of a review; promises.
- `actions`: the writes. One function for each thing somebody can do; nothing else changes a domain table.
- `publishing`: what the world sees. One snapshot; pages and feeds as functions of it; revisions on disk.
- `notifying`: who gets told. Fan-out, attempts, retries, channels.
- `importing`: what was told elsewhere. Readers of other pages, feeds and lists, and one way to write it down.
- `relay`: after commit, publish once, then fan out, then deliver.
- `tasks`, `management`, `web`: the doors. Celery, commands, public forms, the console, the write API and monitors.
- `checks`: what an operator must not have set.
"""

from __future__ import annotations

__version__ = "0.1.0"
