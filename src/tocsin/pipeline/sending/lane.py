"""All deliveries that share one provider limit, as the dispatcher sees them at run time: gates, breaker, what waits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.channels.contract import Budget
from tocsin.core.alert import FLOOR, Band
from tocsin.core.delivery import Target
from tocsin.core.outcome import Outcome
from tocsin.ledger.contract import Waiting
from tocsin.pipeline.sending.purse import Purse
from tocsin.rules.breaker import Breaker, admits, judge, probe
from tocsin.rules.gate import (
    Gate,
    GatePolicy,
    answered,
    heed,
    join,
    lowest_now,
    oldest_first,
    opens_at,
    recall,
    shut,
    spend,
    spend_more,
    unspend,
)
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy


@dataclass(slots=True)
class RateLimiter:
    """One limit with its use so far. Lanes under the same limit of a provider hold the same one."""

    policy: GatePolicy
    gate: Gate = field(default_factory=Gate)

    def enter(self, now: float, units: int = 1) -> None:
        self.gate = spend(self.gate, self.policy, now, units)

    def spend_more(self, entered: float, units: int) -> None:
        """The request that entered then takes so many units more than was known."""
        self.gate = spend_more(self.gate, self.policy, entered, units)

    def leave(self, entered: float, at: float | None, units: int = 1) -> None:
        """It was answered at that time; None where nothing left."""
        self.gate = answered(self.gate, self.policy, entered, at, units)

    def give_back(self, entered: float) -> None:
        """Nothing was there to leave."""
        self.gate = unspend(self.gate, self.policy, entered)

    def join(self, other: Gate) -> None:
        """Another lane comes under this limit, with what it has used so far."""
        self.gate = join(self.gate, self.policy, other)

    def restore(self, requests: Iterable[tuple[timedelta, int]], now: float) -> None:
        """After a restart: what requests of so long ago have spent."""
        self.gate = recall(self.policy, requests, now)


@dataclass(slots=True)
class Lane:
    """`waiting` is what the ledger last said is left: None where nothing is known to wait."""

    policy: LanePolicy
    targets: tuple[TargetPolicy, ...]  # whose deliveries stand in it
    limiters: list[RateLimiter]
    breaker: Breaker = field(default_factory=Breaker)
    purse: Purse | None = None  # None: nothing bounds what it spends
    in_flight: int = 0
    unsettled: int = 0  # attempts that are claimed, and not written down yet
    claiming: bool = False
    stirred: bool = False  # somebody asked for a look while it was busy
    shares: bool = False  # it passes the gate, too, that its provider has for several lanes
    waiting: Waiting | None = None
    shut_why: str = ""  # what its provider last shut it for

    @property
    def name(self) -> str:
        return self.policy.name

    @property
    def channel(self) -> str:
        return self.policy.channel

    @property
    def shadow(self) -> bool:
        """Nothing of it is ever sent."""
        return all(target.shadow for target in self.targets)

    def alive(self, disabled: Collection[Target]) -> tuple[Target, ...]:
        """The lane's targets that something may be sent to."""
        return tuple(one.target for one in self.targets if not one.shadow and one.target not in disabled)

    @property
    def busy(self) -> bool:
        """It claims, or can take no more: whoever ends looks at it again."""
        return self.claiming or self.full()

    @property
    def under_way(self) -> bool:
        """Something was begun on it that is not over yet."""
        return self.claiming or self.in_flight > 0 or self.unsettled > 0

    def full(self) -> bool:
        """As many requests are under way as may be; while the breaker probes, that is one."""
        return self.in_flight >= self._bound()

    def waits(self, moment: datetime) -> bool:
        """Something is due by then, as far as the ledger has said."""
        return self.waiting is not None and self.waiting.due <= moment

    def idle(self, moment: datetime, now: float) -> bool:
        """Nothing is there to leave, and the budget has enough for the lowest band: what is no alert may leave."""
        return not (self.waits(moment) or self.busy) and self.lowest_now(now) is Band.LOW

    def attempts_now(self) -> int:
        """How many attempts may be claimed together: where a rate is kept, or money counted, each is a decision of its
        own.
        """
        paced = self.purse is not None or any(limiter.policy.rates for limiter in self.limiters)
        return 1 if paced else max(1, self._bound() - self.in_flight)

    def _bound(self) -> int:
        return 1 if self.breaker.open else self.policy.gate.max_in_flight

    def opens_at(self, band: Band, now: float) -> float:
        """When a delivery of this band may leave, by every gate and the breaker."""
        gates = max((opens_at(limiter.gate, limiter.policy, band, now) for limiter in self.limiters), default=now)
        return gates if admits(self.breaker, now) else max(gates, self.breaker.open_until)

    def lowest_now(self, now: float) -> Band | None:
        """The lowest band that may leave now; None where none may."""
        if not admits(self.breaker, now):
            return None
        lowest = Band.LOW
        for limiter in self.limiters:
            admitted = lowest_now(limiter.gate, limiter.policy, now)
            if admitted is None:
                return None
            lowest = max(lowest, admitted, key=FLOOR.__getitem__)
        return lowest

    def oldest_first(self) -> bool:
        """The next delivery is the share of a band's oldest one."""
        return oldest_first(self.limiters[0].gate, self.limiters[0].policy)

    def enter(self, now: float) -> None:
        """Take a place in every gate, before the claim: two claims never spend the same one."""
        for limiter in self.limiters:
            limiter.enter(now)

    def leave(self, entered: float, at: float | None, units: int = 1) -> None:
        """It was answered at that time; None where nothing left."""
        for limiter in self.limiters:
            limiter.leave(entered, at, units)

    def settle_places(self, entered: float, units: Sequence[int]) -> None:
        """One place for one unit was taken before the claim; it came to attempts that take so many units each."""
        for limiter in self.limiters:
            if not units:
                limiter.give_back(entered)
            elif units[0] > 1:
                limiter.spend_more(entered, units[0] - 1)
            for more in units[1:]:
                limiter.enter(entered, more)

    def start(self, now: float) -> None:
        """A request leaves; while the breaker is open it is the probe."""
        self.in_flight += 1
        self.breaker = probe(self.breaker, now)

    def end(self, entered: float, at: float | None, units: int = 1) -> None:
        """A request is over: answered at that time, or None where it never left."""
        self.in_flight -= 1
        self.leave(entered, at, units)

    def heed(self, now: float, budget: Budget | None) -> None:
        """The provider has spoken of this lane, in its answer to one request that still counts as under way."""
        if budget is not None:
            own, others = self.limiters[0], self.in_flight - 1 + self.claiming
            own.gate = heed(
                own.gate, now, remaining=budget.remaining, resets_after=budget.resets_after, in_flight=others
            )

    def shut(self, now: float, wait: timedelta, why: str) -> None:
        """The provider wants nothing for so long."""
        own = self.limiters[0]
        own.gate = shut(own.gate, now, wait)
        self.shut_why = why

    def shut_until(self, now: float) -> float:
        """Until when its provider wants nothing; 0 where that is over."""
        until = self.limiters[0].gate.shut_until
        return until if until > now else 0.0

    def judge(self, outcome: Outcome, now: float) -> None:
        self.breaker = judge(self.breaker, outcome, now)
