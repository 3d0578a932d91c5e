"""The watch list: every product that a monitor looks at, or an alert was about, as it stands now."""

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from tocsin.core.monitor import Monitor, silent_since
from tocsin.core.record import money, rfc3339
from tocsin.core.search import searched_words
from tocsin.core.wordlist import words_of
from tocsin.ledger.contract import WatchQuery, WatchRow, WatchState
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, page_of, ref
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/watch"

_KEYS = ("q", "retailers", "state", "monitor", "limit", "page")
_LISTED = answer(page_of("watch", ref("Watched")), "One page of them; it may be shorter than asked for.")


class WatchDoors:
    def __init__(self, services: Services) -> None:
        self._history = services.ledger.history
        self._monitors = services.pipeline.watch.monitors
        self._active = services.active

    def open(self, app: FastAPI) -> None:
        app.add_api_route(PATH, self.listed, methods=["GET"], tags=["monitors"], openapi_extra=needs("read") | _LISTED)

    async def listed(
        self,
        request: Request,
        *,
        q: Annotated[str, Query(max_length=200)] = "",
        retailers: Annotated[str, Query(max_length=4096)] = "",
        state: WatchState | None = None,
        monitor: Annotated[str | None, Query(max_length=128)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """What was seen last first, then what no alert was ever about, by its SKU."""
        check_keys(request.query_params, _KEYS)
        catalog = self._active.rulebook.catalog
        query = WatchQuery(
            words=searched_words(q),
            retailers=tuple(catalog.canonical(word) for word in words_of(retailers) if word.strip()),
            state=state,
            monitor=monitor,
            limit=limit,
            page=page,
        )
        found = await self._history.watched(query, self._monitors.listed())
        return json_answer({"watch": [as_json(row) for row in found.items], "next": found.next})


def as_json(row: WatchRow) -> dict[str, Any]:
    silent = silent_since(row.monitors)
    return {
        "sku": row.sku,
        "retailer": row.retailer,
        "variant": row.variant,
        "seller": row.seller,
        "state": row.state.value,
        "since": row.since and rfc3339(row.since),
        "silent_since": silent and rfc3339(silent),
        "last_seen_at": row.last_seen_at and rfc3339(row.last_seen_at),
        "last_alert": row.last and row.last.as_json(),
        "prices": [{"at": rfc3339(point.at), "price": money(point.price)} for point in row.prices],
        "monitors": [_monitor(monitor) for monitor in row.monitors],
    }


def _monitor(monitor: Monitor) -> dict[str, Any]:
    told = monitor.as_json()
    return {key: told[key] for key in ("id", "state", "heard_at")}
