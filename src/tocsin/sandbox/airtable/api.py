"""Airtable's Web API, simulated: one base with its tables, the limits of a base and of a month, and what it says of bad
requests.

Source: Airtable's Web API, "Update multiple records", "Get base schema" and "Errors"; support.airtable.com, "Managing
API call limits". The order of checks is our guess. Written without a look at how the mirror writes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import unquote

from tocsin.core.clock import Clock
from tocsin.sandbox.airtable.values import fits
from tocsin.sandbox.buckets import Bucket, Limit
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import PATIENCE_S, Journal

TOKEN, BASE = "patSandbox.0123456789abcdef", "appSandbox0000001"
RECORDS = re.compile(rf"/v0/{BASE}/(?P<table>[^/]+)")
SCHEMA = f"/v0/meta/bases/{BASE}/tables"
AT_ONCE = 10
SILENCE = timedelta(seconds=30)
A_SECOND = Limit(5, 1.0)

Row = dict[str, Any]


@dataclass(slots=True)
class Table:
    """A table, with the type of each column; `rows` in the order in which they were made. `id` as it has."""

    id: str
    name: str
    columns: dict[str, str]
    rows: dict[str, Row] = field(default_factory=dict)


class Airtable:
    """`tables` by name: a test makes and changes them. `calls_left` counts down; None: the plan has no cap."""

    name: ClassVar[str] = "airtable"
    prefix: ClassVar[str] = "/v0/"

    def __init__(self, clock: Clock, journal: Journal, *, limits: bool) -> None:
        self.tables: dict[str, Table] = {}
        self.calls_left: int | None = None
        self.reads_schema = True  # whether the token has schema.bases:read
        self._clock = clock
        self._journal = journal
        self._limits = limits
        self._second = Bucket(A_SECOND)
        self._silent_until = float("-inf")

    # What tests and demos ask for.

    def table(self, name: str = "Alerts", columns: Mapping[str, str] | None = None) -> Table:
        """Made on first use, with these columns."""
        made = Table(f"tbl{len(self.tables):014d}", name, dict(columns or {}))
        return self.tables.setdefault(name, made)

    def block(self, base: str) -> Mapping[str, Any]:
        """For people's configurations: what stands in `history.airtable`."""
        return {"token": TOKEN, "base": BASE, "table": "Alerts", "api_base": base}

    async def expect(self, text: str, table: str = "Alerts", deadline_s: float = PATIENCE_S) -> Row:
        """The first row with this text in it, now or within so many real seconds. Raises TimeoutError."""
        rows = self.table(table).rows
        return await self._journal.until(
            lambda: next((row for row in rows.values() if text in str(row)), None), deadline_s
        )

    def drawn(self) -> list[Mapping[str, Any]]:
        return [
            {"name": table.name, "columns": list(table.columns), "rows": list(table.rows.values())[-50:]}
            for table in self.tables.values()
        ]

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        if path == SCHEMA and method == "GET":
            return Aim("schema", "")
        found = RECORDS.fullmatch(path)
        return Aim("upsert", unquote(found["table"])) if found and method == "PATCH" else Aim("unknown", "")

    def take(self, call: Call) -> Verdict:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refusal(401, "AUTHENTICATION_REQUIRED", "Authentication required")
        if refusal := self._limited():
            return refusal
        aim = self.aim(call.method, call.path)
        match aim.action:
            case "schema":
                return self._schema()
            case "upsert":
                return self._upsert(aim.target, call.parsed)
        return Verdict(accepted=False, answer=Answer.json(404, {"error": "NOT_FOUND"}))

    def _limited(self) -> Verdict | None:
        now = self._clock.monotonic()
        if self._limits and (now < self._silent_until or not self._second.take(now)):
            self._silent_until = now + SILENCE.total_seconds()
            told = {
                "errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]
            }
            return Verdict(accepted=False, answer=Answer.json(429, told))
        if self.calls_left is not None:
            if self.calls_left <= 0:
                told_of = "The API billing plan limit for this workspace has been exceeded"
                return _refusal(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", told_of)
            self.calls_left -= 1
        return None

    def _schema(self) -> Verdict:
        if not self.reads_schema:
            return _denied()
        told = [
            {
                "id": table.id,
                "name": table.name,
                "primaryFieldId": "fld00000000000000",
                "fields": [
                    {"id": f"fld{at:014d}", "name": name, "type": kind}
                    for at, (name, kind) in enumerate(table.columns.items())
                ],
            }
            for table in self.tables.values()
        ]
        return Verdict(accepted=True, answer=Answer.json(200, {"tables": told}))

    def _upsert(self, named: str, body: Any) -> Verdict:
        table = next((one for one in self.tables.values() if named in (one.name, one.id)), None)
        if table is None:
            return _denied()
        match body:
            case {"performUpsert": {"fieldsToMergeOn": [str(key)]}, "records": [*records]} if records:
                return self._merge(table, key, records)
        return _refusal(422, "INVALID_REQUEST_MISSING_FIELDS", "Could not find field 'records' in the request body")

    def _merge(self, table: Table, key: str, records: Sequence[Any]) -> Verdict:
        """All of them, or none."""
        if len(records) > AT_ONCE:
            return _refusal(422, "INVALID_RECORDS", "You may only update up to 10 records at a time")
        rows = [record.get("fields") if isinstance(record, Mapping) else None for record in records]
        for row in rows:
            if refusal := _fault(table, key, row):
                return refusal
        if len({row[key] for row in rows if row}) < len(rows):
            return _refusal(422, "INVALID_REQUEST_UNKNOWN", "The same key stands twice in one request")
        made = [row[key] for row in rows if row and row[key] not in table.rows]
        for row in rows:
            if row:
                told = {name: value for name, value in row.items() if value is not None}
                table.rows[row[key]] = {**table.rows.get(row[key], {}), **told}
        answer = {
            "records": [{"id": f"rec{row[key]}", "fields": row} for row in rows if row],
            "createdRecords": [f"rec{one}" for one in made],
            "updatedRecords": [f"rec{row[key]}" for row in rows if row and row[key] not in made],
        }
        return Verdict(accepted=True, answer=Answer.json(200, answer), references=tuple(made))


def _fault(table: Table, key: str, row: Any) -> Verdict | None:
    if not isinstance(row, Mapping) or not row.get(key):
        return _refusal(422, "INVALID_REQUEST_UNKNOWN", f"Each record must have a value for {key}")
    for name, value in row.items():
        if name not in table.columns:
            return _refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
        if not fits(table.columns[name], value):
            return _refusal(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value')
    return None


def _denied() -> Verdict:
    words = (
        "Invalid permissions, or the requested model was not found. Check that both your user and your token have the"
        " required permissions, and that the model names and/or ids are correct."
    )
    return _refusal(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", words)


def _refusal(status: int, word: str, message: str) -> Verdict:
    return Verdict(accepted=False, answer=Answer.json(status, {"error": {"type": word, "message": message}}))
