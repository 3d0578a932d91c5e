"""CONTRIBUTING says what a new channel is: a folder, and its line in the catalogue. Here somebody adds one."""

import asyncio
import hmac
import json
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tests.cli.program import Serving, tocsin
from tests.deadline import DEADLINE_S

ROOT = Path(__file__).parents[2]
KEY = "what-the-shop-signs-with"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tocsin with the toy channel: its folder beside the others, its import and its name in the catalogue."""
    copy = tmp_path / "program" / "tocsin"
    shutil.copytree(ROOT / "src/tocsin", copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).parent / "toy", copy / "channels/toy", ignore=shutil.ignore_patterns("__pycache__"))
    catalogue = (copy / "catalogue.py").read_text()
    imports, line, rest = catalogue.partition("\n_LISTED: tuple[Spec[Any], ...] = (\n")
    assert line, "the catalogue lists its channels otherwise now"
    (copy / "catalogue.py").write_text(f"{imports}from tocsin.channels.toy.spec import TOY\n{line}    TOY,\n{rest}")
    monkeypatch.setenv("PYTHONPATH", str(copy.parent))
    return tmp_path


@dataclass
class Shop:
    """The far side: it takes messages and calls back."""

    url: str
    taken: list[Any] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append(await request.json())
        return web.json_response({"message": f"toy-{len(self.taken)}"}, status=201)

    async def looked_into(self, service: str, message: str) -> tuple[int, str]:
        body = json.dumps({"id": f"e-{message}", "status": "delivered", "message": message}).encode()
        headers = {"x-toy-signature": hmac.digest(KEY.encode(), body, "sha256").hex()}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{service}/hooks/toy/status", data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.text()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop("")
    application = web.Application()
    application.router.add_post("/shelf", made.take)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}/shelf"
        yield made
    finally:
        await runner.cleanup()


def write(folder: Path, toy: Mapping[str, Any] | None = None) -> None:
    """A configuration whose every alert goes to each box that the shop has."""
    channels = {} if toy is None else {"toy": toy}
    boxes = [f"toy:{name}" for name in (toy or {}).get("boxes", ())]
    settings = {"server": {"port": 0}, "alerts": {"channels": channels}, "routes": [{"match": {}, "to": boxes}]}
    (folder / "alerts.json").write_text(json.dumps(settings))


def checked(folder: Path) -> Any:
    return json.loads(tocsin(folder, "check", "alerts.json", "--json").stdout)


@asynccontextmanager
async def caller(service: Serving) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    async with aiohttp.ClientSession(service.url, headers={"Authorization": f"Bearer {service.token}"}) as http:

        async def call(method: str, path: str, body: Any = None) -> Any:
            async with http.request(method, path, json=body) as answer:
                return await answer.json()

        yield call


async def delivery(call: Callable[..., Awaitable[Any]], alert: str, state: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            (told,) = (await call("GET", f"/api/v1/alerts/{alert}"))["deliveries"]
            if told["state"] == state:
                return told
            await asyncio.sleep(0.05)


def test_a_new_channel_is_read_and_judged(program: Path):
    write(program, {"boxes": {"shelf": "https://toys.example"}})
    (problem,) = checked(program)["error"]["details"]
    assert (problem["path"], "needed while" in problem["message"]) == ("alerts.channels.toy.key", True)
    write(program, {"key": KEY, "join": "5m"})
    warned = {caution["path"] for caution in checked(program)["warnings"]}
    assert {"alerts.channels.toy.boxes", "alerts.channels.toy.join"} <= warned


async def test_a_running_service_sends_through_a_new_channel_and_hears_of_it(program: Path, shop: Shop):
    write(program)
    with Serving(program, "--config", "alerts.json") as service:
        write(program, {"key": KEY, "boxes": {"shelf": shop.url}})
        service.tell(signal.SIGHUP)
        service.logs("configuration reloaded")
        async with caller(service) as call:
            receipt = await call("POST", "/api/v1/alerts", ALERT)
            assert receipt.get("decision") == "accepted", receipt
            sent = await delivery(call, receipt["id"], "sent")
            assert (sent["target"], shop.taken) == ("toy:shelf", [{"toy": "RTX 5090"}])
            assert await shop.looked_into(service.url, "toy-1") == (200, "thank you")
            await delivery(call, receipt["id"], "delivered")
        assert service.stop() == 0


ALERT = {"type": "in_stock", "sku": "6634940", "retailer": "bestbuy", "product_name": "RTX 5090", "price": 1999.99}
