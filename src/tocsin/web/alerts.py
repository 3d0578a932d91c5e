"""Alerts: in, out, one with its story, and the end of its episode."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.errors import Detail, InvalidRequestError, NotFoundError
from tocsin.ledger.contract import AlertRow, Page
from tocsin.pipeline.intake.framing import MAX_BODY
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import JSON, NDJSON, answer, page_of, ref
from tocsin.web.guard import grant_of
from tocsin.web.query import ALERT_PARAMETERS, alert_query, check_keys
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services
from tocsin.web.stock import closed_as_json
from tocsin.web.story import recipient_as_json, row_as_json, story_as_json

PATH = "/api/v1/alerts"
LARGE = 100  # alerts in an answer: longer ones may have megabytes, and are made one at a time while others come between


class Alerts:
    def __init__(self, services: Services) -> None:
        self._intake = services.pipeline.intake
        self._history = services.ledger.history
        self._people = services.ledger.people
        self._active = services.active
        self._large = asyncio.Lock()

    def open(self, app: FastAPI) -> None:
        receive = RawRoute(
            PATH,
            self.receive,
            methods=["POST"],
            status_code=202,
            tags=["alerts"],
            openapi_extra=needs("ingest", max_body=MAX_BODY) | _RECEIVE,
        )
        app.router.routes.append(receive)
        for path, handler, method, extra in (
            (PATH, self.listed, "GET", needs("read") | _LISTED | {"parameters": ALERT_PARAMETERS}),
            (PATH + "/{id}", self.one, "GET", needs("read") | answer(ref("AlertStory"), "The alert.")),
            (PATH + "/{id}/recipients", self.recipients, "GET", needs("read") | _RECIPIENTS),
            (PATH + "/{id}/close", self.close, "POST", needs("ingest") | answer(ref("Closed"), "What it has ended.")),
        ):
            app.add_api_route(path, handler, methods=[method], tags=["alerts"], openapi_extra=extra)

    async def receive(self, request: Request) -> Response:
        """Send one alert, an array of them, or NDJSON.

        202 means that it is on disk. A batch answers `{"results": […]}` in order; an invalid item harms no neighbour.
        """
        key = request.headers.get("idempotency-key")
        answers, single = await self._intake.receive(await request.body(), owner=grant_of(request).owner, key=key)
        if not single:
            return json_answer({"results": answers}, 202)
        (answer,) = answers
        if answer["decision"] == "invalid":
            return json_answer({"error": answer["error"]}, 422)
        return json_answer(answer, 202)

    async def listed(self, request: Request) -> Response:
        """Accepted and filtered alerts with what became of their deliveries, the last that was taken up first."""
        query = alert_query(request.query_params, self._active.rulebook.catalog)
        if query is None:
            return json_answer({"alerts": [], "next": None})
        if query.limit <= LARGE:
            return _page(await self._history.alerts(query))
        async with self._large:
            return await asyncio.to_thread(_page, await self._history.alerts(query))

    async def one(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """The alert, its decision, its deliveries with their attempts, and its timeline in milliseconds."""
        story = await self._history.story(id)
        if story is None:
            raise NotFoundError(f"there is no alert {id}")
        return json_answer(story_as_json(story))

    async def recipients(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - the name in the address
        *,
        target: Annotated[str, Query(max_length=200)],
        state: DeliveryState | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """The people of a list whom the alert is for, one by one, masked."""
        check_keys(request.query_params, ("target", "state", "limit", "page"))
        found = await self._history.recipients(id, _list_of(target), state=state, limit=limit, page=page)
        people = await self._people.by_slots([row.slot for row in found.items])
        rows = [recipient_as_json(row, people.get(row.slot)) for row in found.items]
        return json_answer({"recipients": rows, "next": found.next})

    async def close(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """The product is sold out: the episode of this alert ends."""
        return json_answer(closed_as_json(await self._intake.close_alert(id)))


def _page(page: Page[AlertRow]) -> Response:
    return json_answer({"alerts": [row_as_json(row) for row in page.items], "next": page.next})


def _list_of(target: str) -> Target:
    try:
        return Target.parse(target)
    except ValueError as problem:
        raise InvalidRequestError(str(problem), [Detail("target", str(problem))]) from problem


_RECIPIENTS = answer(page_of("recipients", ref("Recipient")), "One page of them.")
_LISTED = answer(page_of("alerts", ref("ListedAlert")), "One page of them.")
_RECEIVE = answer(
    {"anyOf": [ref("Receipt"), ref("Receipts")]}, "On disk; the results of several stand in their order.", status=202
) | {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string"},
            "description": "Covers the whole request for 24 h.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            # What is wrong with one of many is said in its place, and harms none beside it.
            JSON: {
                "schema": {"anyOf": [ref("NewAlert"), {"type": "array", "items": {"anyOf": [ref("NewAlert"), {}]}}]}
            },
            NDJSON: {"schema": {"type": "string", "description": "One alert a line."}},
        },
    },
}
