"""Entries of consent as lines: NDJSON for programs, CSV for spreadsheets, in which no cell begins a formula."""

from typing import Any

import orjson

from tocsin.ledger.contract.people import ConsentRow
from tocsin.web.csv_table import line

COLUMNS = (
    *("id", "at", "contact", "address", "channel", "event", "source", "wording_version", "wording_sha256"),
    *("ip", "user_agent", "evidence", "provider", "by", "previous", "hash"),
)


def as_ndjson(row: ConsentRow) -> bytes:
    return orjson.dumps(row.as_json()) + b"\n"


def head() -> bytes:
    return line(COLUMNS)


def as_csv(row: ConsentRow) -> bytes:
    told: dict[str, Any] = row.as_json()
    wording = told.pop("wording") or {}
    told |= {"wording_version": wording.get("version"), "wording_sha256": wording.get("sha256")}
    return line(told[column] for column in COLUMNS)
