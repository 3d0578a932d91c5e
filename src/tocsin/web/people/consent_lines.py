"""Entries of consent as lines: NDJSON for programs, CSV for spreadsheets, in which no cell begins a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson

from tocsin.ledger.contract.people import ConsentRow

CSV = "text/csv"
COLUMNS = (
    *("id", "at", "contact", "address", "channel", "event", "source", "wording_version", "wording_sha256"),
    *("ip", "user_agent", "evidence", "provider", "by", "previous", "hash"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")  # what a spreadsheet would work out (OWASP, "CSV Injection")


def as_ndjson(row: ConsentRow) -> bytes:
    return orjson.dumps(row.as_json()) + b"\n"


def head() -> bytes:
    return _line(COLUMNS)


def as_csv(row: ConsentRow) -> bytes:
    told: dict[str, Any] = row.as_json()
    wording = told.pop("wording") or {}
    told |= {"wording_version": wording.get("version"), "wording_sha256": wording.get("sha256")}
    return _line(map(_cell, (told[column] for column in COLUMNS)))


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(list(cells))
    return written.getvalue().encode(errors="replace")
