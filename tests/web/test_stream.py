"""The live stream over HTTP, and the client that follows it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from tests.deadline import DEADLINE_S
from tests.web.house import ALERT, TOKENS, House, bearer, open_house, serving

from tocsin.client import Client
from tocsin.core.decision import Decision
from tocsin.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidAlertError,
    InvalidRequestError,
    LedgerUnavailableError,
    NotFoundError,
    UnauthorizedError,
    UnreachableError,
)
from tocsin.web.follower import Follower
from tocsin.web.lines import ndjson


@asynccontextmanager
async def stream(house: House, query: str = "", **headers: str) -> AsyncIterator[aiohttp.StreamReader]:
    path = f"/api/v1/alerts/stream?{query}"
    async with asyncio.timeout(DEADLINE_S), house.client.get(path, headers={**bearer("reader"), **headers}) as answer:
        assert answer.status == 200, await answer.text()
        yield answer.content


async def line(lines: aiohttp.StreamReader) -> dict[str, Any]:
    told = orjson.loads(await lines.readline())
    assert isinstance(told, dict)
    return told


async def test_a_reader_hears_what_is_accepted_and_what_is_closed(house: House):
    async with stream(house) as lines:
        assert (await line(lines))["event"] == "cursor"
        told = await house.send()
        heard = await line(lines)
        assert (heard["event"], heard["id"], heard["price"]) == ("alert", told, "1999.99")
        await house.call("POST", f"/api/v1/alerts/{told}/close", token="engine")
        heard = await line(lines)
        assert (heard["event"], heard["id"]) == ("alert_closed", told)
        assert heard["sold_out_after_s"] >= 0


async def test_a_reader_hears_its_interest_alone(house: House):
    async with stream(house, "families=rtx50&types=in_stock") as lines:
        await line(lines)
        await house.send(sku="other")
        wanted = await house.send()
        assert (await line(lines))["id"] == wanted


async def test_a_test_message_is_nobody_elses_business(house: House):
    async with stream(house) as lines:
        await line(lines)
        await house.call("POST", "/api/v1/channels/board/test", json={"target": "general"})
        told = await house.send()
        assert (await line(lines))["id"] == told


async def test_who_comes_back_is_sent_what_was_missed_then_goes_live(house: House):
    async with stream(house) as lines:
        start = (await line(lines))["cursor"]
    missed = [await house.send(sku=str(number)) for number in range(3)]
    async with stream(house, f"after={start}") as lines:
        await line(lines)
        assert [(await line(lines))["id"] for _ in missed] == missed
        resumed = await line(lines)
        assert (resumed["event"], resumed["count"], resumed["complete"]) == ("resumed", 3, True)
        told = await house.send(sku="live")
        heard = await line(lines)
        assert heard["id"] == told
    async with stream(house, f"after={heard['cursor']}") as lines:
        await line(lines)
        assert (await line(lines))["count"] == 0


async def test_a_cursor_of_another_ledger_is_told_that_something_is_missing(house: House):
    for strange in ("elsewhere.3", f"{house.services.pipeline.feed.epoch}.999"):
        async with stream(house, f"after={strange}") as lines:
            await line(lines)
            resumed = await line(lines)
            assert (resumed["event"], resumed["complete"]) == ("resumed", False)
    status, told = await house.call("GET", "/api/v1/alerts/stream?after=nonsense")
    assert (status, told["error"]["code"]) == (422, "invalid_request")
    status, told = await house.call("GET", "/api/v1/alerts/stream?type=in_stock")
    assert (status, told["error"]["details"][0]["path"]) == (422, "type")


async def test_server_sent_events_carry_the_cursor_as_their_id(house: House):
    async with stream(house, Accept="text/event-stream") as lines:
        assert await lines.readline() == b"event: cursor\n"
        start = (await lines.readline()).decode().removeprefix("id: ").strip()
    told = await house.send()
    async with stream(house, **{"Accept": "text/event-stream", "Last-Event-ID": start}) as lines:
        read = [await lines.readline() for _ in range(8)]
        assert read[4] == b"event: alert\n"
        assert orjson.loads(read[6].removeprefix(b"data: "))["id"] == told


async def test_a_stream_ends_when_the_doors_close_and_when_its_reader_leaves(house: House):
    async with stream(house) as lines:
        await line(lines)
    async with asyncio.timeout(DEADLINE_S):
        while house.services.pipeline.feed._listeners:
            await house.call("GET", "/healthz")
    async with stream(house) as lines:
        await line(lines)
        house.web.close()
        assert await lines.readline() == b""
    assert (await house.call("GET", "/api/v1/alerts/stream"))[0] == 503


async def test_a_stream_ends_with_its_token(house: House):
    _, made = await house.call("POST", "/api/v1/tokens", json={"name": "m", "scopes": ["read"]})
    async with stream(house) as others, stream(house, **bearer(made["token"])) as lines:
        await line(lines)
        await line(others)
        await house.call("DELETE", f"/api/v1/tokens/{made['id']}")
        assert await lines.readline() == b""
        told = await house.send()
        assert (await line(others))["id"] == told


async def test_a_reader_slower_than_the_stream_misses_nothing(house: House):
    follower = Follower(house.services.pipeline.feed, 0)
    with follower:
        batch = [ALERT | {"sku": str(number)} for number in range(1500)]
        for part in (batch[:800], batch[800:]):
            await house.call("POST", "/api/v1/alerts", token="engine", json=part)
        heard: list[int] = []
        while len(heard) < len(batch):
            heard += [event.position for event in await follower.next(DEADLINE_S)]
    assert heard == list(range(1, 1501))
    assert follower.complete


# --- the client -----------------------------------------------------------------------------------------------


async def test_the_client_sends_and_raises_what_the_service_says(house: House):
    async with Client(house.url, TOKENS["engine"]) as alerts:
        receipt = await alerts.send_alert(type="in_stock", sku="1", retailer="bestbuy", price=49.99, priority=9)
        assert receipt.decision is Decision.ACCEPTED
        repeat = await alerts.send_alert(type="in_stock", sku="1", retailer="bestbuy", price=49.99)
        assert (repeat.decision, repeat.duplicate_of) == (Decision.DUPLICATE, receipt.id)
        with pytest.raises(InvalidAlertError) as told:
            await alerts.send_alert(type="in_stock", sku="1", retailer="bestbuy")
        assert [detail.path for detail in told.value.details] == ["price"]
        keyed: dict[str, Any] = {"type": "back_order", "retailer": "bestbuy", "idempotency_key": "k"}
        first = await alerts.send_alert(sku="2", **keyed)
        assert await alerts.send_alert(sku="2", **keyed) == first
        with pytest.raises((ConflictError, InvalidAlertError)):
            await alerts.send_alert(sku="3", **keyed)
        with pytest.raises(ForbiddenError):
            await alerts.get("/api/v1/alerts")
    async with Client(house.url, "nobody-nobody-nobody") as stranger:
        with pytest.raises(UnauthorizedError):
            await stranger.get("/api/v1/alerts")
    async with Client(house.url, TOKENS["admin"]) as admin:
        assert len((await admin.get("/api/v1/alerts", types=["in_stock"], limit=5))["alerts"]) == 1
        with pytest.raises(NotFoundError):
            await admin.call("DELETE", "/api/v1/tokens/none")
        with pytest.raises(InvalidRequestError):
            await admin.get("/api/v1/alerts", nonsense=1)


async def test_the_client_says_who_does_not_answer():
    async with Client("http://127.0.0.1:9", "x" * 16) as alerts:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"):
            await alerts.get("/healthz")


async def test_the_client_follows_the_stream(house: House):
    async with Client(house.url, TOKENS["reader"]) as alerts, asyncio.timeout(DEADLINE_S):
        start = f"{house.services.pipeline.feed.epoch}.0"
        told = [await house.send(sku=str(number)) for number in range(3)]
        heard: list[str] = []
        async for event in alerts.subscribe({"types": ["in_stock"], "retailers": "bestbuy"}, after=start):
            heard.append(event["id"])
            if len(heard) == len(told):
                break
        assert heard == told


async def test_a_sku_with_a_comma_in_it_can_be_asked_for(house: House):
    odd = await house.send(sku="RTX,5090")
    other = await house.send(sku="RTX")
    _, found = await house.call("GET", "/api/v1/alerts?skus=RTX%5C,5090")
    assert [alert["id"] for alert in found["alerts"]] == [odd]
    _, found = await house.call("GET", "/api/v1/alerts?skus=RTX%5C%2C5090,RTX")
    assert [alert["id"] for alert in found["alerts"]] == [other, odd]
    async with Client(house.url, TOKENS["reader"]) as alerts, asyncio.timeout(DEADLINE_S):
        start = f"{house.services.pipeline.feed.epoch}.0"
        assert (await anext(aiter(alerts.subscribe({"skus": ["RTX,5090"]}, after=start))))["id"] == odd


async def test_the_client_stops_following_what_coming_back_cannot_mend(house: House):
    async with asyncio.timeout(DEADLINE_S), Client(house.url, TOKENS["engine"]) as alerts:
        with pytest.raises(ForbiddenError):
            await anext(aiter(alerts.subscribe()))


class Breaking:
    """A service whose stream breaks after each event, and which is away every second time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Mapping[str, Any], _receive: Any, send: Any) -> None:
        self.asked.append(scope["query_string"].decode())
        position = len(self.asked)
        if position % 2 == 0:
            await send({"type": "http.response.start", "status": 502, "headers": []})
            await send({"type": "http.response.body", "body": b"<html>"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = ndjson("alert", f"e.{position}", {"id": str(position)}) + ndjson("cursor", f"e.{position + 1}", {})
        await send({"type": "http.response.body", "body": body})


async def test_the_client_comes_back_with_the_last_cursor_it_saw():
    breaking = Breaking()
    async with serving(breaking) as url, Client(url, "x" * 16) as alerts, asyncio.timeout(DEADLINE_S):
        heard: list[str] = []
        async for event in alerts.subscribe():
            heard.append(event["id"])
            if len(heard) == 3:
                break
    assert heard == ["1", "3", "5"]
    assert breaking.asked == ["", "after=e.2", "after=e.2", "after=e.4", "after=e.4"]


async def test_the_client_repeats_a_lost_answer_and_it_counts_once(house: House):
    lost = Losing(house.web)
    async with serving(lost) as url, Client(url, TOKENS["engine"]) as alerts, asyncio.timeout(DEADLINE_S):
        receipt = await alerts.send_alert(type="in_stock", sku="1", retailer="bestbuy", price=1)
    assert (receipt.decision, lost.lost) == (Decision.ACCEPTED, 1)
    _, told = await house.call("GET", "/api/v1/alerts")
    assert [alert["repeats"] for alert in told["alerts"]] == [0]


class Losing:
    """Takes the first request and breaks before its answer leaves."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.lost = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def swallow(_message: Any) -> None: ...

        if self.lost:
            await self.app(scope, receive, send)
            return
        self.lost += 1
        await self.app(scope, receive, swallow)
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def test_a_ledger_that_cannot_take_it_is_a_503_with_a_time(tmp_path: Path):
    async with open_house(tmp_path) as house:
        house.services.pipeline.intake._queue = Busy()
        async with house.client.post("/api/v1/alerts", json=ALERT, headers=bearer("engine")) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
            assert (await answer.json())["error"]["code"] == "ledger_unavailable"


class Busy:
    async def append(self, *_: object) -> None:
        raise LedgerUnavailableError("the disk is full", retry_after=3)
