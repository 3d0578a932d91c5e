"""Monitors that repeat each detection until it is answered, whatever dies in between."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from benchmarks.detections import detection

EXCLUDED = "walmart"  # a retailer that the filters hold back
RETRY_S = 0.03
PATIENCE = aiohttp.ClientTimeout(total=5)


@dataclass
class Load:
    """`doors` are the services, any of which takes everything. `answers` by client key; `sent` counts under how many
    keys each SKU was reported.
    """

    doors: Sequence[str]
    token: str
    chance: Random
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    _keys: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def answered(self) -> bool:
        """Everything that was ever sent is."""
        return len(self.answers) == self.sent.total()

    async def report(self, detections: int, clients: int = 4) -> None:
        """Return once every one of so many detections is answered."""
        batches = self._batches(detections)
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(headers=headers, timeout=PATIENCE) as session, asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._send_all(session, batches))

    async def _send_all(self, session: aiohttp.ClientSession, batches: Iterator[list[dict[str, Any]]]) -> None:
        for batch in batches:
            answers = await self._until_answered(session, batch)
            self.answers |= {item["idempotency_key"]: answer for item, answer in zip(batch, answers, strict=True)}

    async def _until_answered(
        self, session: aiohttp.ClientSession, batch: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        while True:
            try:
                async with session.post(f"{self.chance.choice(self.doors)}/api/v1/alerts", json=batch) as answer:
                    if answer.status == 202:
                        results: Sequence[Mapping[str, Any]] = (await answer.json())["results"]
                        return results
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(RETRY_S)

    def _batches(self, detections: int) -> Iterator[list[dict[str, Any]]]:
        while detections > 0:
            size = min(detections, self.chance.choice((1, 1, 3, 6)))
            yield [self._detection() for _ in range(size)]
            detections -= size

    def _detection(self) -> dict[str, Any]:
        """Every seventh is a repeat; of the others every twelfth is filtered. All priorities occur."""
        key = next(self._keys)
        again = self.sent and self.chance.random() < 1 / 7
        sku = self.chance.choice(list(self.sent)) if again else f"K{key:06d}"
        self.sent[sku] += 1
        number = int(sku[1:])
        retailer = EXCLUDED if number % 12 == 0 else "bestbuy"
        about = {"priority": 1 + number % 10, "retailer": retailer, "idempotency_key": f"key-{key}"}
        return detection(sku) | about
