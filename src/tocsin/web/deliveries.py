"""Deliveries: what was sent where, in which state, and another try."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from tocsin.core.analytics import LISTED, Dimension
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import CountedQuery, CountedRow
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import TEXT, TIME, answer, page_of, ref
from tocsin.web.query import check_keys, invalid, time_of
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_NARROWING = ("figure", "reason", "since", "until", "target", "retailer", "sku", "type", "band")
_KEYS = ("state", "channel", "limit", "page", *_NARROWING)
_OF = {
    "channel": Dimension.CHANNEL,
    "target": Dimension.LIST,
    "retailer": Dimension.RETAILER,
    "sku": Dimension.PRODUCT,
    "type": Dimension.TYPE,
    "band": Dimension.BAND,
}
_MOST = 256


class Deliveries:
    def __init__(self, services: Services) -> None:
        self._history = services.ledger.history
        self._analytics = services.ledger.analytics
        self._clock = services.clock
        self._operations = services.pipeline.operations

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            "/api/v1/deliveries",
            self.listed,
            methods=["GET"],
            tags=["deliveries"],
            openapi_extra=needs("read")
            | answer(page_of("deliveries", ref("ListedDelivery")), "One page of them.")
            | {"parameters": _PARAMETERS},
        )
        app.add_api_route(
            "/api/v1/deliveries/{id}/retry",
            self.retry,
            methods=["POST"],
            status_code=202,
            tags=["deliveries"],
            openapi_extra=needs("admin") | answer(ref("Delivery"), "It waits again.", status=202),
        )

    async def listed(
        self,
        request: Request,
        state: DeliveryState | None = None,
        channel: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """Newest first; those that a figure counts, where one is named."""
        params = request.query_params
        check_keys(params, _KEYS)
        if any(params.get(key) for key in _NARROWING):
            counted = await self._analytics.counted(_counted(params, state, limit, page), self._clock.now())
            return json_answer({"deliveries": list(map(_counted_as_json, counted.items)), "next": counted.next})
        found = await self._history.deliveries(state=state, channel=channel, limit=limit, page=page)
        return json_answer({"deliveries": [as_json(delivery) for delivery in found.items], "next": found.next})

    async def retry(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """Put a delivery that is over back into its lane."""
        return json_answer(as_json(await self._operations.retry(id)), 202)


def _counted(params: Mapping[str, str], state: DeliveryState | None, limit: int, page: str | None) -> CountedQuery:
    """Raises InvalidRequestError."""
    figure = params.get("figure") or None
    if figure is not None and figure not in LISTED:
        raise invalid("figure", f"is one of {', '.join(LISTED)}")
    asked = {by: params[key] for key, by in _OF.items() if params.get(key)}
    long = next((key for key in ("reason", *_OF) if len(params.get(key) or "") > _MOST), None)
    if long is not None:
        raise invalid(long, f"has at most {_MOST} characters")
    return CountedQuery(
        figure=figure,
        reason=params.get("reason") or None,
        state=state,
        of=asked,
        since=time_of(params, "since"),
        until=time_of(params, "until"),
        limit=limit,
        page=page,
    )


def as_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "alert_id": str(delivery.alert_id),
        "target": str(delivery.target),
        "lane": delivery.lane,
        "route": delivery.route,
        "state": delivery.state.value,
        "why": delivery.why and delivery.why.value,
        "detail": delivery.detail,
        "priority": delivery.priority,
        "band": delivery.band.value,
        "attempts_made": delivery.attempts,
        "planned_at": rfc3339(delivery.planned_at),
        "due": rfc3339(delivery.due),
        "expires_at": rfc3339(delivery.expires_at),
        "moved_at": rfc3339(delivery.moved_at),
        "possibly_repeated": delivery.possibly_repeated,
    }


def _counted_as_json(row: CountedRow) -> dict[str, Any]:
    about = {"type": row.type.value, "sku": row.sku, "retailer": row.retailer, "product_name": row.product_name}
    return as_json(row.delivery) | {"alert": about}


_ABOUT = {
    "figure": f"Those that this figure counts: {', '.join(LISTED)}.",
    "reason": "Why it was not sent, or failed, as figures tell it: `closed`, `refused 404`.",
    "since": "Of alerts accepted since then (RFC 3339).",
    "until": "Of alerts accepted before then.",
    "target": "One target of a channel, `channel:name`.",
    "retailer": "Of the alert.",
    "sku": "`retailer:sku` of the alert.",
    "type": "Of the alert.",
    "band": "Of the alert.",
}
_PARAMETERS = [
    {"name": key, "in": "query", "schema": TIME if key in ("since", "until") else TEXT, "description": about}
    for key, about in _ABOUT.items()
]
