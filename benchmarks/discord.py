"""Alerts a minute through one Discord webhook with its true limits, beside a sender that posts them one by one."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from benchmarks.detections import fresh
from benchmarks.program import TOKEN, program
from tocsin.sandbox import Sandbox

SECONDS = 60
ALERTS = 600


async def measure() -> list[tuple[str, str, str]]:
    async with asyncio.TaskGroup() as group:
        ours = group.create_task(_tocsin())
        theirs = group.create_task(_one_by_one())
    (bundled, first_ms, refused), single = ours.result(), theirs.result()
    return [
        ("Discord, one webhook, Tocsin", f"{bundled} alerts in {SECONDS} s, {refused} times 429", ""),
        ("Discord, one webhook, one embed a message", f"{single} alerts in {SECONDS} s", ""),
        ("ratio", f"{bundled / single:.1f} times", "≥ 8 times"),
        ("first of 600 alerts at once in Discord", f"{first_ms:.0f} ms", "< 100 ms"),
    ]


async def _tocsin() -> tuple[int, float, int]:
    async with Sandbox() as sandbox, program(_settings(sandbox)) as service, aiohttp.ClientSession() as session:
        alerts = list(itertools.islice(fresh(), ALERTS))
        began = time.time()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with session.post(service.url + "/api/v1/alerts", json=alerts, headers=headers) as answer:
            answer.raise_for_status()
        await asyncio.sleep(SECONDS)
        messages = sandbox.journal.accepted("discord", "execute")
        arrived = sum(len(entry.references) for entry in messages)
        return arrived, (messages[0].at.timestamp() - began) * 1000, sandbox.discord.limits.too_many


async def _one_by_one() -> int:
    """What scripts do: one embed a message, and after a 429 the sleep that it asks for."""
    arrived = 0
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        url = sandbox.discord.webhook("general") + "?wait=true"
        until = time.monotonic() + SECONDS
        for alert in fresh():
            body = {"embeds": [{"title": alert["product_name"], "url": alert["url"]}]}
            while time.monotonic() < until and not await _posted(session, url, body):
                pass
            if time.monotonic() >= until:
                return arrived
            arrived += 1
    return arrived


async def _posted(session: aiohttp.ClientSession, url: str, body: Mapping[str, Any]) -> bool:
    agent = {"User-Agent": "DiscordBot (https://example.org, 1)"}
    async with session.post(url, json=body, headers=agent) as answer:
        if answer.status == 429:
            await asyncio.sleep(float((await answer.json())["retry_after"]))
        return answer.ok


def _settings(sandbox: Sandbox) -> Mapping[str, Any]:
    hooks = {"general": sandbox.discord.webhook("general")}
    return {
        "alerts": {"channels": {"discord": {"enabled": True, "api_base": sandbox.url, "webhooks": hooks}}},
        "routes": [{"name": "all", "match": {}, "to": ["discord:general"]}],
    }
