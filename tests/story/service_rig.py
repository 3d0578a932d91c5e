"""The whole program with the providers' sandbox around it, and words for what people do and see there."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import aiohttp
from tests.blank import blank
from tests.deadline import DEADLINE_S

from tocsin import AlertService, Receipt
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.facts import DeliveryMoved, Fact
from tocsin.sandbox import Sandbox
from tocsin.sandbox.discord.room import Room

TOKEN = "a-token-for-stories-0123456789"


class ServiceRig:
    """`open` starts the service on a free port, with webhooks `high_priority` and `general` unless told otherwise.

    `clock` is the service's and the sandbox's; one that is set later is the service's alone.
    """

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self.sandbox = Sandbox(clock)
        self.clock: Clock = clock or SystemClock()
        self.facts: list[Fact] = []
        self._news = asyncio.Event()
        self._stack = AsyncExitStack()
        self._service: AsyncExitStack | None = None
        self.alerts: AlertService

    async def __aenter__(self) -> Self:
        blank(self.folder / "tocsin.db")
        await self._stack.enter_async_context(self.sandbox)
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        await self._stack.aclose()

    async def open(self, *, discord: Mapping[str, Any] | None = None, **blocks: Any) -> Self:
        """Start with this configuration; the ledger of an earlier start is still there."""
        self.write(discord=discord, **blocks)
        service = AlertService.from_config(self.folder / "tocsin.json", environ={}, clock=self.clock)
        service.listen(self._hear)
        self._service = AsyncExitStack()
        self.alerts = await self._service.enter_async_context(service)
        return self

    async def close(self) -> None:
        if self._service is not None:
            await self._service.aclose()
            self._service = None

    def write(self, *, discord: Mapping[str, Any] | None = None, **blocks: Any) -> None:
        """The configuration file, as `open` would read it."""
        hooks = {name: self.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
        channel = {"enabled": True, "api_base": self.sandbox.url, "webhooks": hooks, **(discord or {})}
        alerts = {"channels": {"discord": channel}, **blocks.pop("alerts", {})}
        config = {
            "server": {"port": 0},
            "tokens": {"story": {"secret": TOKEN, "scopes": ["admin"]}},
            "alerts": alerts,
            **blocks,
        }
        (self.folder / "tocsin.json").write_text(json.dumps(config))

    def room(self, name: str = "high_priority") -> Room:
        """What the readers of a webhook see."""
        return self.sandbox.discord.room(name)

    async def report(self, name: str = "RTX 5090", **fields: Any) -> Receipt:
        """A monitor reports: in stock at Best Buy, unless told otherwise."""
        sku = fields.pop("sku", name.replace(" ", "-"))
        given = {"type": "in_stock", "retailer": "bestbuy", "price": "1999.99", "url": f"https://bestbuy.example/{sku}"}
        return await self.alerts.send_alert(**{**given, "sku": sku, "product_name": name, **fields})

    async def settled(self, receipt: Receipt, state: DeliveryState) -> Delivery:
        """The delivery of that alert that is in this state, now or within the deadline."""

        def found() -> Delivery | None:
            moves = [
                fact for fact in self.facts if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
            ]
            return next((move.delivery for move in reversed(moves) if move.to is state), None)

        return await self.until(found)

    async def told(self, kind: type[Any]) -> Any:
        """The first fact of this kind."""
        return await self.until(lambda: next((fact for fact in self.facts if isinstance(fact, kind)), None))

    async def until(self, question: Callable[[], Any]) -> Any:
        """Ask again after every fact until there is an answer."""
        async with asyncio.timeout(DEADLINE_S):
            while (answer := question()) is None:
                self._news.clear()
                await self._news.wait()
            return answer

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.call("GET", path, status=status)

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self._http.request(method, self.alerts.url + path, json=body, headers=headers) as answer:
            told = await answer.json(content_type=None)
            assert answer.status == status, told
            return told

    async def upload(self, path: str, content: str) -> Any:
        """A file goes as it is."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/csv"}
        async with self._http.post(self.alerts.url + path, data=content.encode(), headers=headers) as answer:
            assert answer.status == HTTPStatus.OK, await answer.text()
            return await answer.json()

    async def followed(self, path: str, headers: Mapping[str, str] | None = None) -> str:
        """Where a link of ours leads."""
        async with self._http.get(self.alerts.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.headers["Location"]

    async def deliveries(self, receipt: Receipt) -> list[Mapping[str, Any]]:
        """As the timeline shows them."""
        assert isinstance(receipt.id, UUID)
        return list((await self.get(f"/api/v1/alerts/{receipt.id}"))["deliveries"])

    def _hear(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._news.set()
