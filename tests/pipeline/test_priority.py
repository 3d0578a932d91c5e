"""What leaves, and when, is what a plain model says: a list, sorted by importance, and a count for each window."""

import math
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.dispatcher_rig import DispatcherRig, at_work

from tocsin.channels.contract import Attempt
from tocsin.core.alert import Alert
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.outcome import Deferred, Delay, Outcome, Sent
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.window import Rate

TICK = 0.25  # seconds; all times are whole ticks, so that no rounding blurs who came first
TARGET = Target("board", "wall")
HIGH = 8  # priorities from here on may use the whole budget

# The tick it comes at, its priority, and how many ticks its first request is put off: by a 429, or by trouble.
Arrival = tuple[int, int, int, Delay]
arrivals = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(1, 10),
        st.sampled_from([0, 0, 0, 0, 0, 3, 9]),
        st.sampled_from([Delay.RATE_LIMITED, Delay.PROVIDER_TROUBLE]),
    ),
    min_size=1,
    max_size=24,
)
policies = st.builds(
    GatePolicy,
    rates=st.lists(
        st.builds(Rate, st.integers(1, 6), st.integers(1, 24).map(lambda ticks: timedelta(seconds=ticks * TICK))),
        min_size=1,
        max_size=2,
    ).map(tuple),
    reserve=st.sampled_from([0.0, 0.2, 0.5]),
    share=st.sampled_from([0.0, 0.2, 0.5]),
    max_in_flight=st.integers(1, 4),
    bundle=st.integers(1, 4),
)


@dataclass
class Waiting:
    position: int
    priority: int
    due: float
    pause: float = 0.0  # how long its first request is put off
    shuts: bool = False  # with everything else


@dataclass
class Model:
    policy: GatePolicy
    waiting: list[Waiting] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    shut_until: float = 0.0

    def leaves(self, now: float) -> list[Waiting]:
        """The members of the next request; none where nothing may leave now."""
        turn_of_oldest = self._is_turn_of_oldest()
        if now < self.shut_until or not self._room(now, whole=True):
            return []
        lower_too = turn_of_oldest or self._room(now, whole=False)
        able = [one for one in self.waiting if one.due <= now and (lower_too or one.priority >= HIGH)]
        best = sorted(able, key=lambda one: (0 if turn_of_oldest else -one.priority, one.position))
        return best[: self.policy.bundle]

    def send(self, members: list[Waiting], now: float) -> None:
        self.used.append(now)
        first = members[0]
        for one in members:
            if first.pause:
                one.due = now + first.pause
            else:
                self.waiting.remove(one)
        if first.pause and first.shuts:
            self.shut_until = max(self.shut_until, now + first.pause)
        first.pause = 0.0

    def chances(self, now: float) -> list[float]:
        """The times to come at which something may leave that may not now."""
        if not self.waiting:
            return []
        windows = [used + rate.per.total_seconds() for rate in self.policy.rates for used in self.used]
        return [at for at in (*windows, self.shut_until, *(one.due for one in self.waiting)) if at > now]

    def _is_turn_of_oldest(self) -> bool:
        sent, share = len(self.used), self.policy.share
        return math.floor((sent + 1) * share) > math.floor(sent * share)

    def _room(self, now: float, *, whole: bool) -> bool:
        return all(
            sum(now - rate.per.total_seconds() < used for used in self.used) < self._usable(rate.count, whole=whole)
            for rate in self.policy.rates
        )

    def _usable(self, count: int, *, whole: bool) -> int:
        return count if whole else max(1, count - math.ceil(round(count * self.policy.reserve, 9)))


class Day:
    """The dispatcher and the model live through the same arrivals."""

    def __init__(self, policy: GatePolicy, coming: list[Arrival]) -> None:
        self.clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        self.place = TargetPolicy(target=TARGET, lane="wall")
        self.lane = LanePolicy(name="wall", channel=TARGET.channel, gate=policy)
        self.model = Model(policy)
        self.expected: list[tuple[float, tuple[str, ...]]] = []
        self._coming = sorted(coming, key=lambda arrival: arrival[0])
        self._accepted = 0
        self._put_off: dict[str, Outcome] = {}

    def answer(self, attempt: Attempt) -> Outcome:
        return self._put_off.pop(attempt.members[0].record.alert.sku, Sent())

    async def live(self, works: DispatcherRig) -> None:
        """Whatever is due leaves before what arrives in that moment."""
        while self._coming or self.model.waiting:
            await self._compare(works)
            if arriving := self._arriving(works):
                await works.accept(self.place, *arriving)
                await self._compare(works)
            await works.advance(self._next() - self.clock.monotonic())

    async def _compare(self, works: DispatcherRig) -> None:
        now = self.clock.monotonic()
        while members := self.model.leaves(now):
            self.expected.append((now, tuple(str(one.position) for one in members)))
            self.model.send(members, now)
        await works.rest()
        assert works.board.seen == self.expected

    def _arriving(self, works: DispatcherRig) -> list[Alert]:
        now, alerts = self.clock.monotonic(), []
        while self._coming and self._coming[0][0] * TICK <= now:
            _, priority, ticks, why = self._coming.pop(0)
            pause, sku = ticks * TICK, str(self._accepted)
            self.model.waiting.append(Waiting(self._accepted, priority, now, pause, shuts=why is Delay.RATE_LIMITED))
            if pause:
                self._put_off[sku] = Deferred(why, timedelta(seconds=pause))
            alerts.append(works.alert(sku, priority))
            self._accepted += 1
        return alerts

    def _next(self) -> float:
        """When somebody arrives, or anything could be otherwise."""
        now = self.clock.monotonic()
        return min([arrival[0] * TICK for arrival in self._coming[:1]] + self.model.chances(now), default=now)


@settings(max_examples=40, deadline=None)
@given(policies, arrivals)
async def test_what_leaves_and_when_is_what_a_plain_model_says(policy: GatePolicy, coming: list[Arrival]):
    day = Day(policy, coming)
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(
            Path(folder) / "ledger.db", day.clock, day.place, lane_policies=[day.lane], answer=day.answer
        ) as works:
            await day.live(works)
