"""The doors on a real port, before a real ledger in a temporary file, with one channel that writes on a board."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import uvicorn
from tests.blank import blank

from tocsin.access.browsers import EVERY_ANSWER
from tocsin.access.entrance import Entrance
from tocsin.access.tokens import ConfiguredToken, Tokens
from tocsin.bus.inprocess import InProcessBus
from tocsin.channels.contract import Attempt, Report
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.delivery import Target
from tocsin.core.facts import Fact
from tocsin.core.outcome import Sent
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.demo import Demo
from tocsin.pipeline.pipeline import Pipeline
from tocsin.rules.catalog import Catalog, Product, Retailer
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import Match
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook
from tocsin.web import PatientHttp, Program, Services, Web, WebSettings, build_app
from tocsin.web.prompt import PromptServer
from tocsin.web.terminal import Terminal

BOARD = Target("board", "general")
TOKENS = {
    "engine": "engine-engine-engine",
    "reader": "reader-reader-reader",
    "people": "people-people-people",
    "admin": "admin-admin-admin-admin",
}
SCOPES = {"engine": "ingest", "reader": "read", "people": "contacts", "admin": "admin"}
ALERT = {"type": "in_stock", "sku": "6634940", "retailer": "bestbuy", "price": 1999.99}


@dataclass
class Board:
    """A channel that takes everything."""

    name: str = "board"
    written: list[AlertRecord] = field(default_factory=list)
    outcome: Any = field(default_factory=Sent)

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return {"text": records[0].alert.title}

    async def send(self, attempt: Attempt) -> Report:
        self.written += [member.record for member in attempt.members]
        return Report(tuple(self.outcome for _ in attempt.members), status=204)


@dataclass
class House:
    url: str
    web: Web
    services: Services
    client: aiohttp.ClientSession
    board: Board
    facts: list[Fact]

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "admin",
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        async with self.client.request(
            method, path, headers={**bearer(token), **(headers or {})}, allow_redirects=False, **body
        ) as answer:
            return answer.status, await answer.json()

    async def send(self, **changes: Any) -> str:
        """The id of an alert that was accepted."""
        status, told = await self.call("POST", "/api/v1/alerts", token="engine", json=ALERT | changes)
        assert (status, told.get("decision")) == (202, "accepted"), told
        return str(told["id"])


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {TOKENS.get(token, token)}"}


def a_rulebook() -> Rulebook:
    return Rulebook(
        catalog=Catalog(
            products={"rtx-5090-fe": Product(name="rtx-5090-fe", family="rtx50", skus=("bestbuy:6634940",))},
            retailers={
                "bestbuy": Retailer(key="bestbuy", title="Best Buy", aliases=("best_buy",)),
                "newegg": Retailer(key="newegg", title="Newegg", link="https://aff.example/?to={url}&sub={click}"),
            },
        ),
        filters=FilterPolicy(excluded_retailers=frozenset({"scalper"})),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(Route(name="all", match=Match(), to=(BOARD,)),),
            targets={BOARD: TargetPolicy(target=BOARD, lane="board")},
            lanes={"board": LanePolicy(name="board", channel="board")},
        ),
    )


@asynccontextmanager
async def open_house(
    path: Path,
    *,
    clock: Clock | None = None,
    board: Board | None = None,
    settings: WebSettings | None = None,
    entrance: Entrance | None = None,
    public_url: str | None = None,
) -> AsyncIterator[House]:
    clock = clock or SystemClock()
    facts: list[Fact] = []
    board = board or Board()
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(
            open_ledger(f"sqlite:///{blank(path / 'ledger.db')}", clock=clock, emit=facts.append)
        )
        tokens = Tokens(ledger.operations, clock)
        active = Active(a_rulebook(), {"board": board})
        pipeline = Pipeline(ledger, InProcessBus(), active, clock, facts.append, random=Random(1))
        await tokens.start(
            {name: ConfiguredToken(Secret(secret), frozenset({SCOPES[name]})) for name, secret in TOKENS.items()}
        )
        stack.push_async_callback(tokens.stop)
        await stack.enter_async_context(pipeline.running())
        services = Services(
            program=Program(
                reload=_reload,
                not_ready=_ready,
                metrics=lambda: b"tocsin_up 1\n",
                terminal=lambda: Terminal("http://127.0.0.1:8765", path / "ledger.token"),
                public_url=lambda: public_url,
                configuration=_configuration,
                check=_check,
                demo=Demo(),
            ),
            ledger=ledger,
            pipeline=pipeline,
            tokens=tokens,
            active=active,
            clock=clock,
            emit=facts.append,
            entrance=entrance or Entrance(),
            settings=settings or WebSettings(version="test"),
        )
        web = build_app(services)
        url = await stack.enter_async_context(serving(web))
        client = await stack.enter_async_context(aiohttp.ClientSession(url))
        yield House(url, web, services, client, board, facts)


async def _reload() -> None:
    return None


async def _configuration() -> Mapping[str, Any]:
    return {"file": None, "values": [], "warnings": []}


async def _check(content: bytes) -> Mapping[str, Any]:
    return {"found": {"bytes": len(content)}, "warnings": [], "notes": []}


async def _ready() -> Sequence[str]:
    return ()


class _Server(PromptServer):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def serving(app: Any, http: type[PatientHttp] = PatientHttp) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=http, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
        headers=EVERY_ANSWER, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server._serve([listener]))
    await server.up.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        if isinstance(app, Web):
            app.close()
        server.stop()
        await running
