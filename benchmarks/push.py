"""What one alert to a thousand devices takes: the real program in one process, the simulated Firebase in another."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.program import TOKEN, Program, program
from tocsin.core.clock import SystemClock
from tocsin.sandbox import Sandbox

DEVICES, AT_ONCE = 1000, 16
LONGEST_S = 60.0
OVER = {"sku": "6634940", "retailer": "bestbuy"}
ALERT = {**OVER, "type": "in_stock", "price": "1999.99", "product_name": "RTX 5090"}


async def measure() -> list[tuple[str, str, str]]:
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        async with Sandbox(SystemClock(), limits=False) as sandbox:
            channel = {**sandbox.firebase.block(Path(folder))}
            routes = [{"match": {}, "to": ["push:everyone"]}]
            async with program({"alerts": {"channels": {"push": channel}}, "routes": routes}) as running:
                return await _told(running, sandbox)


async def _told(running: Program, sandbox: Sandbox) -> list[tuple[str, str, str]]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(running.url, headers=headers) as http:
        await _register(http, sandbox)
        began, cpu_s = perf_counter(), running.cpu_s
        alert = (await _asked(http, "POST", "/api/v1/alerts", ALERT))["id"]
        await sandbox.journal.until(lambda: _shown(sandbox, "open") or None, LONGEST_S)
        told_s, cpu_s = perf_counter() - began, running.cpu_s - cpu_s
        await _written_down(http, alert)
        began = perf_counter()
        await _asked(http, "POST", "/api/v1/stock", {**OVER, "in_stock": False})
        await sandbox.journal.until(lambda: _shown(sandbox, "sold_out") or None, LONGEST_S)
        over_s = perf_counter() - began
    tokens = len(sandbox.journal.accepted("firebase", "token"))
    repeated = len(sandbox.journal.repeated("firebase"))
    return [
        (f"one alert to {DEVICES} devices, until the last has it", f"{told_s:.2f} s", "less than 2 s"),
        ("processor time of the service for that", f"{cpu_s:.2f} s", ""),
        ("tokens fetched, alerts repeated", f"{tokens}, {repeated}", "1, 0"),
        ("sold out, until the last is replaced", f"{over_s:.2f} s", ""),
    ]


async def _register(http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """Ten devices a person."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(contact: str, name: str) -> None:
        phone = sandbox.firebase.phone(name)
        async with room:
            await _asked(http, "PUT", f"/api/v1/contacts/{contact}/devices/{name}", {
                "kind": phone.kind, "value": phone.address, "platform": "android"})  # fmt: skip

    for person in range(DEVICES // 10):
        made = await _asked(http, "POST", "/api/v1/contacts", {"name": f"member {person}"})
        await asyncio.gather(*(one(made["id"], f"phone-{person}-{number}") for number in range(10)))


async def _written_down(http: aiohttp.ClientSession, alert: str) -> None:
    """The service knows of every device that it was told: only then is there something to replace."""
    async with asyncio.timeout(LONGEST_S):
        while (await _asked(http, "GET", f"/api/v1/alerts/{alert}"))["lists"][0]["recipients"]["sent"] < DEVICES:  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.05)


async def _asked(http: aiohttp.ClientSession, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    async with http.request(method, path, json=body) as answer:
        told = await answer.read()
        assert answer.ok, f"{answer.status} {told[:300]!r}"
        return json.loads(told)


def _shown(sandbox: Sandbox, state: str) -> bool:
    """Every phone shows it."""
    devices = sandbox.firebase.project.devices.values()
    return all(device.screen.cards and device.screen.cards[0].data["state"] == state for device in devices)
