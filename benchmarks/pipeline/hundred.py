"""A hundred alerts in one POST, to every channel of the sandbox with its limits off: how soon the last one is there."""

import time
from collections.abc import Mapping
from typing import Any

from benchmarks.detections import bodies
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers
from tocsin.sandbox import Sandbox
from tocsin.sandbox.webhook.receiver import secret_for

ALERTS = 100
ROUNDS = 3  # after one that warms up; the slowest counts
DEADLINE_S = 30.0
CHANNELS = ("discord", "webhook")


async def hundred() -> Mapping[str, float]:
    """By channel the seconds from the beginning of the POST to the last alert, in the slowest round."""
    async with (
        Sandbox(limits=False) as sandbox,
        program(_settings(sandbox)) as service,
        Wire(service.url + "/api/v1/alerts", json_headers(TOKEN)) as wire,
    ):
        _, *rounds = [await _round(sandbox, wire, (number + 1) * ALERTS) for number in range(1 + ROUNDS)]
    return {name: max(told[name] for told in rounds) for name in CHANNELS}


async def _round(sandbox: Sandbox, wire: Wire, expected: int) -> Mapping[str, float]:
    body = next(bodies(ALERTS))
    began = time.time()
    await wire.post(body)
    return {name: await _last(sandbox, name, expected) - began for name in CHANNELS}


async def _last(sandbox: Sandbox, channel: str, expected: int) -> float:
    """When the last of them came. Raises TimeoutError where they do not come, RuntimeError where one came twice."""
    references = sandbox.journal.references
    await sandbox.journal.until(lambda: references(channel).total() >= expected or None, DEADLINE_S)
    if repeated := sandbox.journal.repeated(channel):
        raise RuntimeError(f"{len(repeated)} came twice")
    return sandbox.journal.accepted(channel)[-1].at.timestamp()


def _settings(sandbox: Sandbox) -> Mapping[str, Any]:
    free = {"enabled": True, "api_base": sandbox.url, "pacing": "none"}
    place = {"url": sandbox.webhook.url("sink"), "secret": secret_for("sink"), "allow_networks": ["127.0.0.0/8"]}
    return {
        "alerts": {
            "channels": {
                "discord": {**free, "webhooks": {"general": sandbox.discord.webhook("general")}},
                "webhook": {**free, "endpoints": {"sink": place}},
            }
        },
        "routes": [{"name": "all", "match": {}, "to": ["discord:general", "webhook:sink"]}],
    }
