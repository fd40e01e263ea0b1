"""The record as JSON lines, to take away and to restore: which tables and fields leave, and how a row is written.

A file is a header (`{"format": "candor-records", "version": 1, "schema": …, "contents": …, "page": {…}}`), then a line
for each row (`{"table": "incident", "id": 7, …}`), then `{"end": <number of rows>}`, by which a file that was cut off
is known. UTF-8, one JSON object a line (https://jsonlines.org); the same rows give the same bytes.
"""

from __future__ import annotations

FORMAT = "candor-records"
VERSION = 1
# A review with its page is the longest; a line beyond this is no line of ours, and is not read to its end.
LONGEST_LINE = 32 * 1024 * 1024
