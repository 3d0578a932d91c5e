"""Our gateway alone: POST /alerts goes straight into the live stream, without decision or ledger."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import uvicorn
import uvloop

from tocsin.access.entrance import Entrance
from tocsin.access.tokens import Grant
from tocsin.bus.inprocess import InProcessBus
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import SystemClock
from tocsin.core.decision import Decision, Reason
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.gateway.server import Gateway
from tocsin.gateway.settings import GatewaySettings
from tocsin.pipeline.feed import Feed
from tocsin.rules.catalog import Catalog

CATALOG = Catalog()


class Nothing:
    """A ledger that kept nothing, and knows everybody."""

    async def span(self) -> tuple[int, int]:
        return (0, 0)

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        del after, limit
        return ()

    def authenticate(self, secret: str, address: str) -> Grant:
        del address
        return Grant(token_id=secret, owner=secret, scopes=frozenset({"admin"}))

    def on_revoked(self, listener: Any) -> Any:
        del listener
        return lambda: None


def record(told: dict[str, Any]) -> AlertRecord:
    now = datetime.now(UTC)
    fields = told | {"type": AlertType(told["type"]), "price": Decimal(told["price"])}
    alert = Alert(id=new_id(now), timestamp=now, **fields)
    return AlertRecord(alert=alert, accepted_at=now, decision=Decision.ACCEPTED, reason=Reason.NEW, last_seen_at=now)


async def main(port: int) -> None:
    nothing: Any = Nothing()
    bus, clock = InProcessBus(), SystemClock()
    feed = Feed(nothing, bus, clock, print, "direct")

    async def no_offer(value: object, owner: str) -> dict[str, Any]:
        del value, owner
        return {}

    async def alerts(scope: Any, receive: Any, send: Any) -> None:
        del scope
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part["body"]
            if not part["more_body"]:
                break
        now = datetime.now(UTC)
        events = [
            Event(position=feed.head + number, kind=EventKind.ACCEPTED, at=now, record=record(told))
            for number, told in enumerate(orjson.loads(body), 1)
        ]
        bus.events.publish(events)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    settings = GatewaySettings(max_sockets_per_address=100_000, max_sockets_per_token=100_000)
    gateway = Gateway(
        feed=feed,
        tokens=nothing,
        offer=no_offer,
        catalog=lambda: CATALOG,
        clock=clock,
        settings=settings,
        entrance=Entrance(),
        emit=print,
    )
    await feed.start()
    await gateway.start()
    config = uvicorn.Config(
        gateway.asgi(alerts), port=port, ws=gateway.ws_protocol, log_level="warning", access_log=False, lifespan="off"
    )
    await uvicorn.Server(config).serve()
    await gateway.stop()
    await feed.stop()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
