"""Alerts are written to one table of an Airtable base: a row of each, found by its id and written again as it goes on.

Source: Airtable's Web API, "Update multiple records" with `performUpsert`: ten records a request.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import UUID

import orjson

from tocsin.channels.transport import Answer, Patience, Transport
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import MirrorError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.mirror import Account, Entry
from tocsin.core.outcome import Deferred, Outcome, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.mirrors.airtable.answers import complaint_of, outcome_of
from tocsin.mirrors.airtable.columns import CHANNELS, COLUMNS, KEY, STATUS

API = "https://api.airtable.com"
AT_ONCE = 10  # records in a request

_A_SECOND = 5  # requests a base
_COALESCED = timedelta(seconds=30)  # where calls are counted by the month, no row is written more often
_PATIENCE = Patience(connect=5.0, read=20.0, total=25.0)
_LONGEST = 4 * 1024 * 1024  # bytes: the columns of every table of a base
_OK = 200

Row = Mapping[str, Any]


class Airtable:
    """Satisfies `Mirror`. On its own use it with `async with`; a service gives it its own `transport`.

    `token` is a personal access token with data.records:write; with schema.bases:read `look` can name what is missing.
    Columns that the table does not have are left out, and said once.
    """

    name = "airtable"
    by_alert = True
    at_once = AT_ONCE

    def __init__(
        self,
        token: str | Secret,
        base: str,
        table: str = "Alerts",
        *,
        api_base: str = API,
        calls_per_month: int | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        emit: Emit = lambda _: None,
    ) -> None:
        self.calls_per_month = calls_per_month
        self.rest = timedelta(seconds=1 / _A_SECOND) if calls_per_month is None else _COALESCED
        self._place = f"{base} / {table}"
        self._base = base
        self._table = table
        self._api = api_base.rstrip("/")
        key = token.reveal() if isinstance(token, Secret) else token
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._transport = transport or Transport()
        self._owns_transport = transport is None
        self._clock = clock or SystemClock()
        self._emit = emit
        self._left_out: set[str] = set()

    async def __aenter__(self) -> Self:
        if self._owns_transport:
            await self._transport.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._owns_transport:
            await self._transport.close()

    async def log_alert(
        self, *, alert_id: UUID | str, sent_channels: Iterable[str] = (), delivery_status: str = "success"
    ) -> None:
        """Write what became of one alert: into its row where it has one. Raises MirrorError where it was not taken."""
        row = {KEY.name: str(alert_id), CHANNELS.name: ", ".join(sent_channels), STATUS.name: str(delivery_status)}
        outcome = await self._upsert([row])
        if not isinstance(outcome, Sent):
            raise MirrorError(f"Airtable did not take it: {outcome.detail}")

    async def write(self, entries: Sequence[Entry]) -> Outcome:
        """Write the rows of these alerts as they stand."""
        return await self._upsert([_row(entry.account) for entry in entries])

    async def look(self) -> Sequence[str]:
        """Ask whether token, base, table and columns are as they should be; what is not, in words."""
        answer = await self._call("GET", f"/v0/meta/bases/{quote(self._base, safe='')}/tables")
        if not isinstance(answer, Answer):
            return [f"Airtable does not answer: {answer.detail}"]
        if answer.status != _OK:
            outcome = outcome_of(answer, self._clock.now())
            return [f"{outcome.detail} (to look at its columns the token needs schema.bases:read as well)"]
        return list(_findings(orjson.loads(answer.body).get("tables", ()), self._table))

    async def _upsert(self, rows: Sequence[Row]) -> Outcome:
        """One request; a column that it complains of is left out from then on, and the request made again."""
        while True:
            answer = await self._call("PATCH", f"/v0/{quote(self._base, safe='')}/{quote(self._table, safe='')}", rows)
            if not isinstance(answer, Answer):
                return answer
            if answer.status == _OK and not answer.broken:
                return Sent()
            column = complaint_of(answer).column
            if column is None or column in self._left_out or column == KEY.name:
                return outcome_of(answer, self._clock.now())
            self._leave_out(column, str(complaint_of(answer)))
            await self._clock.sleep(1 / _A_SECOND)

    async def _call(self, method: str, path: str, rows: Sequence[Row] = ()) -> Answer | Deferred | Unknown:
        return await self._transport.request(
            method,
            Secret(self._api + path),
            headers=self._headers,
            body=self._body(rows) if rows else None,
            longest=_LONGEST,
            patience=_PATIENCE,
        )

    def _body(self, rows: Sequence[Row]) -> bytes:
        kept = [{name: value for name, value in row.items() if name not in self._left_out} for row in rows]
        records = [{"fields": row} for row in kept]
        return orjson.dumps({"performUpsert": {"fieldsToMergeOn": [KEY.name]}, "records": records, "typecast": False})

    def _leave_out(self, column: str, why: str) -> None:
        self._left_out.add(column)
        told = f"{self._place}: the column {column!r} is left out ({why})"
        self._emit(Trouble("mirror_column_left_out", told, "Create it as `tocsin airtable fields` says."))


def _row(account: Account) -> Row:
    return {column.name: column.value(account) for column in COLUMNS}


def _findings(tables: Iterable[Mapping[str, Any]], named: str) -> Iterable[str]:
    known = list(tables)
    table = next((one for one in known if named in (one.get("name"), one.get("id"))), None)
    if table is None:
        names = ", ".join(repr(one.get("name")) for one in known) or "none"
        yield f"the base has no table {named!r}; it has {names}"
        return
    kinds = {one.get("name"): one.get("type") for one in table.get("fields", ())}
    for column in COLUMNS:
        if column.name not in kinds:
            yield f"the table has no column {column.name!r} ({column.kind})"
        elif kinds[column.name] != column.kind:
            yield f"the column {column.name!r} is of the type {kinds[column.name]}, and takes {column.kind} only so far"
