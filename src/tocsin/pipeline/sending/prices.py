"""Asks what messages have cost, where their provider says so later: one at a time, and while nothing waits to leave."""

from collections import deque
from datetime import datetime, timedelta

from tocsin.channels.abilities import Prices
from tocsin.core.clock import Clock
from tocsin.ledger.contract import Queue, SpentRow
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.rules.receipts import moves_after

BILLED_AFTER = timedelta(minutes=1)
PERIOD_S = 60.0  # between two looks at the ledger
AFTER_START = timedelta(days=1)  # of how long ago the first look knows
GIVEN_UP_AFTER = timedelta(hours=1)
AT_ONCE = 100  # that are known of to be asked


class PriceBook:
    """No price is worth a wait: a look-up takes no place on its lane, since providers count messages, not questions."""

    def __init__(self, queue: Queue, lanes: Lanes, active: Active, clock: Clock) -> None:
        self._queue = queue
        self._lanes = lanes
        self._active = active
        self._clock = clock
        self._due: deque[SpentRow] = deque()
        self._next_look = float("-inf")
        self._back = AFTER_START

    async def look(self) -> None:
        """Ask for one price, the oldest; now and then, the ledger for those that are not known."""
        if not self._due:
            await self._refill()
        if not self._due:
            return
        lane = self._lanes.get(self._due[0].lane)
        if lane is None:
            self._due.popleft()  # of a lane that is gone nothing is asked
        elif lane.idle(self._clock.now(), self._clock.monotonic()):
            await self._ask(lane, self._due.popleft())

    async def _refill(self) -> None:
        """Few channels tell prices, and they may have thousands of lanes beside them."""
        if self._clock.monotonic() < self._next_look:
            return
        pricing = {name for name, channel in self._active.channels.items() if isinstance(channel, Prices)}
        lanes = frozenset(lane.name for lane in self._lanes.values() if lane.channel in pricing and not lane.shadow)
        if not lanes:
            return
        self._next_look = self._clock.monotonic() + PERIOD_S
        now = self._clock.now()
        spent = await self._queue.spent(now - self._back, lanes)
        self._back = GIVEN_UP_AFTER
        self._due.extend([row for row in spent if _is_open(row, now - BILLED_AFTER)][:AT_ONCE])

    async def _ask(self, lane: Lane, row: SpentRow) -> None:
        channel: object = self._active.channels.get(lane.channel)
        if lane.shadow or row.reference is None or not isinstance(channel, Prices):
            return
        signal = await channel.price(row.reference)
        if signal is None or signal.cost is None:
            return
        received = await self._queue.receive([signal], moves_after)
        purse = self._lanes.purse(lane.channel)
        if purse is not None and not received.known:
            purse.book(row, signal.cost, self._clock.now())


def _is_open(row: SpentRow, before: datetime) -> bool:
    return row.cost is None and row.reference is not None and row.at <= before
