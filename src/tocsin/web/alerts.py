"""Alerts: in, out, one with its story, and the end of its episode."""

import asyncio
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.errors import NotFoundError
from tocsin.ledger.contract import AlertRow, Page
from tocsin.pipeline.framing import MAX_BODY
from tocsin.web.answer import json_answer
from tocsin.web.guard import grant_of
from tocsin.web.locks import needs
from tocsin.web.parts import Parts
from tocsin.web.query import ALERT_PARAMETERS, alert_query
from tocsin.web.raw import RawRoute
from tocsin.web.stock import closed_as_json
from tocsin.web.story import row_as_json, story_as_json

PATH = "/api/v1/alerts"
LARGE = 100  # alerts in an answer: longer ones may have megabytes, and are made one at a time while others come between


class Alerts:
    def __init__(self, parts: Parts) -> None:
        self._intake = parts.intake
        self._archive = parts.archive
        self._in_force = parts.in_force
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
        listing = needs("read") | {"parameters": ALERT_PARAMETERS}
        app.add_api_route(PATH, self.listed, methods=["GET"], tags=["alerts"], openapi_extra=listing)
        app.add_api_route(PATH + "/{id}", self.one, methods=["GET"], tags=["alerts"], openapi_extra=needs("read"))
        app.add_api_route(
            PATH + "/{id}/close", self.close, methods=["POST"], tags=["alerts"], openapi_extra=needs("ingest")
        )

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
        query = alert_query(request.query_params, self._in_force.rulebook.catalog)
        if query is None:
            return json_answer({"alerts": [], "next": None})
        if query.limit <= LARGE:
            return _page(await self._archive.alerts(query))
        async with self._large:
            return await asyncio.to_thread(_page, await self._archive.alerts(query))

    async def one(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """The alert, its decision, its deliveries with their attempts, and its timeline in milliseconds."""
        story = await self._archive.story(id)
        if story is None:
            raise NotFoundError(f"there is no alert {id}")
        return json_answer(story_as_json(story))

    async def close(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """The product is sold out: the episode of this alert ends."""
        return json_answer(closed_as_json(await self._intake.close_alert(id)))


def _page(page: Page[AlertRow]) -> Response:
    return json_answer({"alerts": [row_as_json(row) for row in page.items], "next": page.next})


_ALERT = {
    "type": "object",
    "required": ["type", "sku", "retailer"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["in_stock", "price_drop", "restock_soon", "back_order"]},
        "sku": {"type": "string", "maxLength": 128},
        "retailer": {"type": "string", "maxLength": 64},
        "price": {
            "description": "At least 0; required for in_stock and price_drop. A number is rounded to its currency.",
            "oneOf": [{"type": "number", "minimum": 0}, {"type": "string"}, {"type": "null"}],
        },
        "currency": {"type": "string", "description": "ISO 4217.", "default": "USD"},
        "product_name": {"type": "string", "description": "Cut after 512 characters."},
        "url": {"type": "string", "description": "http or https; blanks in it are encoded."},
        "priority": {"type": "integer", "minimum": 1, "maximum": 10},
        "timestamp": {"type": "string", "format": "date-time", "description": "Time of detection, with its zone."},
        "variant": {"type": "string", "maxLength": 128},
        "seller": {"type": "string", "maxLength": 128},
        "metadata": {"type": "object", "description": "At most 16 KiB, at most 8 deep."},
        "idempotency_key": {"type": "string", "maxLength": 255},
    },
    "example": {"type": "in_stock", "sku": "6634940", "retailer": "bestbuy", "price": 1999.99},
}
_RECEIPT = {
    "type": "object",
    "required": ["decision"],
    "properties": {
        "decision": {"enum": ["accepted", "duplicate", "filtered", "invalid"]},
        "reason": {"type": "string"},
        "id": {"type": "string", "format": "uuid"},
        "duplicate_of": {"type": "string", "format": "uuid", "description": "In place of an id of its own."},
        "notes": {
            "type": "array",
            "description": "What was mended or left out so that the alert could go out.",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "error": {"type": "object", "description": "Of an invalid item, in the form of every error."},
    },
}
_RECEIVE = {
    "responses": {
        "202": {
            "description": "On disk; the results of several stand in their order.",
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            _RECEIPT,
                            {
                                "type": "object",
                                "required": ["results"],
                                "properties": {"results": {"type": "array", "items": _RECEIPT}},
                            },
                        ]
                    }
                }
            },
        }
    },
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
            "application/json": {"schema": {"oneOf": [_ALERT, {"type": "array", "items": _ALERT, "maxItems": 10_000}]}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    },
}
