"""Watches by the minute whether channels work: by what they send, by their lanes, and while they are idle by asking."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.channels.abilities import Probes
from tocsin.core.clock import Clock
from tocsin.core.facts import Attempted, Fact
from tocsin.ledger.contract import Analytics, LaneRow, Queue, UptimeRow
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.closure import Cause
from tocsin.pipeline.sending.lane import Lane
from tocsin.rules.uptime import TOO_LONG, gap, marked, minute_of

PROBE_AFTER_S = 60.0  # that nothing was to be sent
_PROBE_S = 20.0


class Uptime:
    """A channel is as well as the worst of its lanes."""

    def __init__(
        self, analytics: Analytics, queue: Queue, lanes: Mapping[str, Lane], active: Active, clock: Clock
    ) -> None:
        self._analytics = analytics
        self._queue = queue
        self._lanes = lanes
        self._active = active
        self._clock = clock
        self._probes_from = clock.monotonic() + PROBE_AFTER_S
        self._up: set[tuple[str, int]] = set()  # channels and minutes since 1970
        self._heard: dict[str, int] = {}  # the minute that something is known of last, by channel
        self._down: set[tuple[str, int]] = set()

    async def start(self) -> None:
        """Nothing was told while the service stood still: those minutes count as down."""
        now = self._clock.now()
        last = await self._analytics.last_minute()
        missed = {channel: marked(gap(last[channel], now)) for channel in self._channels() if channel in last}
        await self._keep(
            [UptimeRow(name, hour, 0, mask) for name, hours in missed.items() for hour, mask in hours.items()]
        )

    def hear(self, fact: Fact) -> None:
        match fact:
            case Attempted(outcome="sent"):
                self._up.add((fact.target.channel, minute_of(self._clock.now())))

    async def look(self) -> None:
        """Mark the minute that is: called several times in it."""
        now = self._clock.now()
        minute = minute_of(now)
        waiting = {row.lane: row for row in await self._queue.lanes()}
        failing = {lane.channel for lane in self._lanes.values() if self._fails(lane, waiting.get(lane.name), now)}
        self._down |= {(channel, minute) for channel in failing}
        self._heard |= dict(self._up | self._down)
        silent = [name for name in self._channels() if self._heard.get(name) != minute]
        if self._clock.monotonic() >= self._probes_from:
            await asyncio.gather(*(self._probe(name, minute) for name in silent))
        await self._write()

    def _fails(self, lane: Lane, waiting: LaneRow | None, now: datetime) -> bool:
        """Its breaker is open, its key is refused, or something due has waited too long for its provider."""
        if lane.shadow or lane.breaker.open:
            return not lane.shadow
        why = lane.shut_why if lane.shut_until(self._clock.monotonic()) else ""
        if why == Cause.RATE_LIMITED:
            return waiting is not None and waiting.oldest is not None and now - waiting.oldest > TOO_LONG
        return why == Cause.CREDENTIALS

    async def _probe(self, name: str, minute: int) -> None:
        channel: object = self._active.channels.get(name)
        if not isinstance(channel, Probes):
            return
        answered: bool | None = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PROBE_S):
                answered = await channel.probe()
        self._heard[name] = minute
        if answered is not None:
            (self._up if answered else self._down).add((name, minute))

    async def _write(self) -> None:
        """A minute that was both is down: somebody was not told."""
        up, down = self._up, self._down
        self._up, self._down = set(), set()
        rows = [
            UptimeRow(channel, hour, worked.get(hour, 0), not_.get(hour, 0))
            for channel in sorted({name for name, _ in up | down})
            for worked, not_ in [(_hours(up, channel), _hours(down, channel))]
            for hour in sorted(worked.keys() | not_.keys())
        ]
        await self._keep(rows)

    async def _keep(self, rows: Sequence[UptimeRow]) -> None:
        if rows:
            await self._analytics.note_uptime(rows)

    def _channels(self) -> tuple[str, ...]:
        """Those that something could be sent on."""
        return tuple(sorted({lane.channel for lane in self._lanes.values() if not lane.shadow}))


def _hours(marks: set[tuple[str, int]], channel: str) -> Mapping[int, int]:
    return marked(minute for name, minute in marks if name == channel)
