"""What the ledger takes: appends, claims and settlements, on an empty and on a long history.

python -m benchmarks.ledger [--seconds 3] [--history 1000000]
"""

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import SystemClock
from tocsin.core.decision import Accepted, Episode, Ruling
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.ledger.contract import ClaimRequest, Decide, Item, Ledger, Move, Settlement, Submission
from tocsin.ledger.opening import open_ledger
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.match import Match
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

BATCH = 100
CALLERS = 64
ROUNDS = 3
HIGH, GENERAL = Target("discord", "high_priority"), Target("discord", "general")
LIFE = dict.fromkeys(AlertType, timedelta(hours=24))


@dataclass
class Bench:
    ledger: Ledger
    decide: Decide
    seconds: float
    numbers: Iterator[int] = field(default_factory=count)

    async def fill(self, alerts: int, decide: Decide | None = None) -> float:
        """Alerts a second, in batches of a hundred, four calls at a time as a busy intake makes them."""

        async def sender(share: int) -> None:
            for _ in range(share):
                await self.ledger.queue.append(self._batch(), decide or self.decide)

        began = time.perf_counter()
        await asyncio.gather(*(sender(alerts // BATCH // 4) for _ in range(4)))
        return alerts / (time.perf_counter() - began)

    async def append_batches(self) -> float:
        return BATCH * await self.rate(4, lambda: self.ledger.queue.append(self._batch(), self.decide))

    async def append_singles(self) -> float:
        return await self.rate(
            CALLERS, lambda: self.ledger.queue.append(Submission((Item(self.alert()),)), self.decide)
        )

    async def append_repeats(self) -> float:
        known = self._batch()
        await self.ledger.queue.append(known, self.decide)
        return BATCH * await self.rate(4, lambda: self.ledger.queue.append(known, self.decide))

    async def claim_and_settle(self, limit: int, workers: int) -> float:
        """Deliveries a second; what is taken was appended before, outside of the measured time."""
        need = int(self.seconds * (25_000 if limit > 1 else 4_000))
        await self.fill(max(need // BATCH * BATCH, BATCH * 4))
        moved = 0
        until = time.perf_counter() + self.seconds

        async def worker(lane: str) -> None:
            nonlocal moved
            request = ClaimRequest(lane=lane, pack=lambda _, records: len(records), limit=limit)
            while time.perf_counter() < until:
                claimed = await self.ledger.queue.claim(request)
                if claimed.claim is None:
                    return
                members = [delivery for delivery, _ in claimed.claim.members]
                moves = tuple(Move(key=one.key, fence=one.fence, to=DeliveryState.SENT) for one in members)
                await self.ledger.queue.settle(Settlement(attempt=claimed.claim.key, outcome="sent", moves=moves))
                moved += len(moves)

        began = time.perf_counter()
        lanes = [str(HIGH if number % 2 else GENERAL) for number in range(workers)]
        await asyncio.gather(*map(worker, lanes))
        return moved / (time.perf_counter() - began)

    async def rate(self, callers: int, call: Callable[[], Awaitable[object]]) -> float:
        until = time.perf_counter() + self.seconds
        calls = 0

        async def caller() -> None:
            nonlocal calls
            while time.perf_counter() < until:
                await call()
                calls += 1

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(callers)))
        return calls / (time.perf_counter() - began)

    def _batch(self) -> Submission:
        return Submission(tuple(Item(self.alert()) for _ in range(BATCH)))

    def alert(self) -> Alert:
        now, number = datetime.now(UTC), next(self.numbers)
        return replace(PATTERN, id=new_id(now), sku=f"sku-{number}", timestamp=now)


PATTERN = Alert(
    id=new_id(datetime.now(UTC)),
    type=AlertType.IN_STOCK,
    priority=9,
    sku="",
    retailer="bestbuy",
    timestamp=datetime.now(UTC),
    price=Decimal("1999.99"),
    product_name="GeForce RTX 5090 Founders Edition",
    url="https://www.bestbuy.com/site/6634940.p?skuId=6634940",
    metadata={"image_url": "https://pisces.bbystatic.com/image2/6634940.jpg", "stock": 4},
)


def rulebook() -> Rulebook:
    """Two targets for each alert, and a fallback behind one of them."""
    routes = (
        Route(name="gpu", match=Match(bands=frozenset({PATTERN.band})), to=(HIGH,)),
        Route(name="rest", match=Match(), to=(GENERAL,)),
    )
    targets = {target: TargetPolicy(target=target, lane=str(target), max_age=LIFE) for target in (HIGH, GENERAL)}
    return Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(min_price_drop_percent=Decimal(10), max_age=LIFE),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(routes=routes, targets=targets),
    )


def past(decide: Decide) -> Decide:
    """Accepted long ago: nothing is left to be sent."""

    def over(alert: Alert, last: Episode | None, now: datetime) -> Ruling:
        ruling = decide(alert, last, now)
        assert isinstance(ruling, Accepted)
        plans = (replace(plan, state=DeliveryState.CANCELLED, why=Why.SHADOW) for plan in ruling.plans)
        return Accepted(ruling.reason, tuple(plans))

    return over


@asynccontextmanager
async def opened(url: str, seconds: float) -> AsyncIterator[Bench]:
    async with open_ledger(url, clock=SystemClock()) as ledger:
        yield Bench(ledger, rulebook().decide, seconds)


async def measure(url: str, seconds: float, history: int) -> Table:
    table = Table(title="ledger, SQLite")
    for heading in ("what", "a second"):
        table.add_column(heading, justify="left" if heading == "what" else "right")

    async def row(what: str, rate: Awaitable[float]) -> None:
        figure = f"{await rate:,.0f}"
        print(f"{what}: {figure}", flush=True)
        table.add_row(what, figure)

    async with opened(f"{url}.empty", seconds) as young, opened(url, seconds) as bench:
        await row(f"alerts appended in batches of {BATCH}, 2 deliveries each", bench.append_batches())
        await row(f"alerts appended singly by {CALLERS} callers", bench.append_singles())
        await row(f"repeats counted, batches of {BATCH}", bench.append_repeats())
        await row(f"alerts of the past written up to {history:,}", bench.fill(history, past(bench.decide)))
        # In turn, so that whatever else this machine does falls on both alike.
        for _ in range(ROUNDS):
            for one, kept in ((young, 0), (bench, history)):
                await row(f"deliveries claimed and settled by 100, history {kept:,}", one.claim_and_settle(100, 4))
                await row(f"deliveries claimed and settled singly by 32, history {kept:,}", one.claim_and_settle(1, 32))
    return table


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--history", type=int, default=1_000_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        Console().print(asyncio.run(measure(url, told.seconds, told.history)))


if __name__ == "__main__":
    main()
