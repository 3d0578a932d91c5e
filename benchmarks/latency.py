"""How long an alert takes from its POST to twenty sockets and to the Discord sandbox, at 100 alerts a second."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from benchmarks.detections import detection
from benchmarks.figures import spread
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers
from tocsin.sandbox import Sandbox

SOCKETS = 20
PER_SECOND = 100
SECONDS = 10
WIRES = 16
DEADLINE_S = 20
_SKU = re.compile(r"\bL\d{6}\b")


async def measure() -> list[tuple[str, str, str]]:
    async with Sandbox(limits=False) as sandbox, program(_settings(sandbox)) as service:
        sent: dict[str, float] = {}
        seen: list[float] = []
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            ready = [asyncio.Event() for _ in range(SOCKETS)]
            for event in ready:
                group.create_task(_socket(session, service.url, event, sent, seen))
            await asyncio.gather(*(event.wait() for event in ready))
            await _feed(service.url, sent)
            await sandbox.journal.until(lambda: _arrived(sandbox) >= len(sent) or None, DEADLINE_S)
        told = _ages(sandbox, sent)
        return [
            (f"POST to socket, {SOCKETS} sockets, {PER_SECOND}/s", f"{spread(seen)} ({len(seen):,})", "p99 < 50 ms"),
            (f"POST to Discord sandbox, {PER_SECOND}/s", f"{spread(told)} ({len(told):,} of {len(sent):,})", ""),
        ]


def _settings(sandbox: Sandbox) -> Mapping[str, Any]:
    hooks = {name: sandbox.discord.webhook(name) for name in ("high_priority", "general")}
    discord = {"enabled": True, "api_base": sandbox.url, "pacing": "none", "webhooks": hooks}
    return {"alerts": {"channels": {"discord": discord}}}


async def _feed(url: str, sent: dict[str, float]) -> None:
    """Alerts at an even pace, each by a POST of its own; a late answer does not hold back the next one."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        free: asyncio.Queue[Wire] = asyncio.Queue()
        for _ in range(WIRES):
            free.put_nowait(await stack.enter_async_context(Wire(url + "/api/v1/alerts", json_headers(TOKEN))))
        start = time.perf_counter()
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
            sku = f"L{number:06d}"
            wire = await free.get()
            sent[sku] = time.time()
            group.create_task(_post(wire, free, json.dumps(detection(sku)).encode()))


async def _post(wire: Wire, free: asyncio.Queue[Wire], body: bytes) -> None:
    await wire.post(body)
    free.put_nowait(wire)


async def _socket(
    session: aiohttp.ClientSession, url: str, ready: asyncio.Event, sent: dict[str, float], seen: list[float]
) -> None:
    """A Socket.IO client by hand: subscribed to everything, noting the age of each alert that arrives."""
    expected = PER_SECOND * SECONDS
    async with session.ws_connect(url + "/socket.io/?EIO=4&transport=websocket") as socket:
        await socket.receive_str()
        await socket.send_str("40" + json.dumps({"token": TOKEN, "subscribe": {}}))
        async with asyncio.timeout(2 * SECONDS + DEADLINE_S):
            while expected:
                text = await socket.receive_str()
                if text == "2":
                    await socket.send_str("3")
                elif text.startswith("40"):
                    ready.set()
                elif text.startswith('42["alert"'):
                    seen.append(time.time() - sent[json.loads(text[2:])[1]["sku"]])
                    expected -= 1


def _arrived(sandbox: Sandbox) -> int:
    return sum(len(entry.references) for entry in sandbox.journal.accepted("discord", "execute"))


def _ages(sandbox: Sandbox, sent: Mapping[str, float]) -> list[float]:
    """Every alert that the sandbox accepted, by the SKU in its message."""
    arrived = {sku: entry.at for entry in sandbox.journal.accepted("discord") for sku in _SKU.findall(str(entry.body))}
    return [at.timestamp() - sent[sku] for sku, at in arrived.items()]
