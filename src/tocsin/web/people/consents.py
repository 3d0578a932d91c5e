"""Consents: a history that only grows. Nothing here changes or takes away an entry."""

from collections.abc import AsyncIterator
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal
from uuid import UUID

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tocsin.core.address import AddressState, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import NotFoundError, SuppressedError
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import CSV, FLAG, NDJSON, TEXT, WHOLE, answer, explained, maybe, record, ref, several
from tocsin.web.people.consent_lines import as_csv, as_ndjson, head
from tocsin.web.people.desk import Desk
from tocsin.web.people.drafts import Said, wrong
from tocsin.web.people.words import ONE, Moment
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/consents"
PART = 200  # entries that are read and written at a time: others come between

# What has happened to an address whose owner withdrew by this way.
_WHY = MappingProxyType(
    {
        ConsentSource.INBOUND_TEXT: AddressWhy.STOP,
        ConsentSource.MAIL_BUTTON: AddressWhy.ONE_CLICK,
        ConsentSource.PREFERENCE_PAGE: AddressWhy.PAGE,
        ConsentSource.SIGN_UP_PAGE: AddressWhy.PAGE,
        ConsentSource.PROVIDER: AddressWhy.PROVIDER_OPT_OUT,
    }
)


class Entry(Said):
    """`granted` needs the wording that the person was shown. What was withdrawn is told nothing from now on."""

    address: UUID
    event: Literal["granted", "withdrawn"]


class ConsentDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        chain = record({"entries": WHOLE, "broken": FLAG, "at": explained(maybe(TEXT), "The first that does not fit.")})
        listed = answer(record({"consents": several(ref("Consent")), "chain": chain}), "Oldest first.")
        for handler, method, status, extra in (
            (self.of_contact, "GET", 200, listed),
            (self.enter, "POST", 201, answer(ref("Consent"), "It stands in the history.", status=201)),
        ):
            app.add_api_route(
                ONE + "/consents",
                handler,
                methods=[method],
                status_code=status,
                tags=["consents"],
                openapi_extra=needs("contacts") | extra,
            )
        lines = answer(TEXT, "One entry a line.", media_types=(NDJSON, CSV))
        app.add_api_route(PATH, self.since, methods=["GET"], tags=["consents"], openapi_extra=needs("contacts") | lines)

    async def of_contact(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """Every entry of a contact, and whether all of them are there as they were entered."""
        await self._desk.people.contact(id)
        entries = await self._desk.people.consents(id)
        chain = await self._desk.people.check_consents(id)
        whole = {"entries": chain.entries, "broken": chain.broken or chain.at is not None}
        return json_answer(
            {
                "consents": [entry.as_json() for entry in entries],
                "chain": {**whole, "at": chain.at and str(chain.at)},
            }
        )

    async def enter(self, request: Request, id: UUID, asked: Entry) -> Response:  # noqa: A002 - the name in the address
        """Enter what a person has said of one of their addresses. What is suppressed only its owner brings back."""
        event = ConsentEvent(asked.event)
        if event is ConsentEvent.GRANTED and asked.wording is None:
            raise wrong("wording", "says what the person was shown: its text, or the version of one that is kept")
        contact = await self._desk.people.contact(id)
        address = next((one for one in contact.addresses if one.id == asked.address), None)
        if address is None:
            raise NotFoundError("this contact has no such address")
        if event is ConsentEvent.GRANTED and address.state is AddressState.SUPPRESSED:
            raise SuppressedError(
                f"{address.shown} does not want to be told: only its owner can change that, by START, a new code or a"
                " new link"
            )
        reading = self._desk.reading(request)
        why = _WHY.get(asked.source, AddressWhy.OPERATOR) if event is ConsentEvent.WITHDRAWN else None
        draft = reading.consent(asked, event=event, why=why)
        reading.done()
        entered = await self._desk.people.enter(id, asked.address, draft, self._desk.policy.standing_after)
        return json_answer(entered.consent.as_json(), 201)

    async def since(
        self,
        request: Request,
        since: Annotated[Moment | None, Query()] = None,
        format: Annotated[  # noqa: A002 - the name in the query
            Literal["ndjson", "csv"] | None, Query(description="Or as `Accept` asks for it.")
        ] = None,
    ) -> Response:
        """All entries of everybody in the order in which they were entered, as NDJSON or CSV."""
        check_keys(request.query_params, ("since", "format"))
        accepts = request.headers.get("accept", "")
        as_table = format == "csv" or (format is None and CSV in accepts)
        lines = self._lines(since, as_table=as_table)
        first = await anext(lines)  # what goes wrong at once is answered as an error
        return StreamingResponse(
            _from(first, lines), media_type=CSV if as_table else NDJSON, headers={"Cache-Control": "no-store"}
        )

    async def _lines(self, since: datetime | None, *, as_table: bool) -> AsyncIterator[bytes]:
        page: str | None = None
        begun = head() if as_table else b""
        while True:
            found = await self._desk.people.consents_since(since, limit=PART, page=page)
            yield begun + b"".join(map(as_csv if as_table else as_ndjson, found.items))
            begun, page = b"", found.next
            if page is None:
                return


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
