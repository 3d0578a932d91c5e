"""Deliveries: what was sent where, in which state, and another try."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.record import rfc3339
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, page_of, ref
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_KEYS = ("state", "channel", "limit", "page")


class Deliveries:
    def __init__(self, services: Services) -> None:
        self._history = services.ledger.history
        self._operations = services.pipeline.operations

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            "/api/v1/deliveries",
            self.listed,
            methods=["GET"],
            tags=["deliveries"],
            openapi_extra=needs("read") | answer(page_of("deliveries", ref("Delivery")), "One page of them."),
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
        """Newest first."""
        check_keys(request.query_params, _KEYS)
        found = await self._history.deliveries(state=state, channel=channel, limit=limit, page=page)
        return json_answer({"deliveries": [as_json(delivery) for delivery in found.items], "next": found.next})

    async def retry(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """Put a delivery that is over back into its lane."""
        return json_answer(as_json(await self._operations.retry(id)), 202)


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
