"""Leads lanes through the limits that a provider sets for something they share: a room with two webhooks, say."""

from collections import defaultdict
from collections.abc import Iterable

from tocsin.channels.abilities import SharesGate
from tocsin.core.clock import Clock
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.lane import Lane, RateLimiter
from tocsin.pipeline.sending.targets import Targets

ASK_AGAIN_S = 60.0  # a provider that cannot tell now is asked again, but not often


class SharedGates:
    """Who shares with whom only the provider knows. Until it has told, a lane keeps the shared limit by itself."""

    def __init__(self, active: Active, targets: Targets, clock: Clock) -> None:
        self._active = active
        self._targets = targets
        self._clock = clock
        self._limiters: dict[str, RateLimiter] = {}
        self._ask_at: defaultdict[str, float] = defaultdict(float)

    async def join(self, lanes: Iterable[Lane]) -> None:
        """Lead each lane that is not yet known to share through its shared gate too."""
        for lane in lanes:
            if self._to_be_asked(lane):
                name = await self._ask(lane)
                if name is None:
                    self._ask_at[lane.name] = self._clock.monotonic() + ASK_AGAIN_S
                else:
                    self._lead_through(lane, name)

    def _to_be_asked(self, lane: Lane) -> bool:
        shares = lane.policy.shared.rates and not lane.shares
        return (
            bool(shares and lane.alive(self._targets.disabled)) and self._clock.monotonic() >= self._ask_at[lane.name]
        )

    async def _ask(self, lane: Lane) -> str | None:
        channel: object = self._active.channels.get(lane.channel)
        target, *_ = lane.alive(self._targets.disabled)
        return await channel.shared_gate(target) if isinstance(channel, SharesGate) else None

    def _lead_through(self, lane: Lane, name: str) -> None:
        """Put the lane under the shared gate: what it has sent so far counts for all who share the gate."""
        limiter = self._limiters.setdefault(name, RateLimiter(lane.policy.shared))
        limiter.join(lane.limiters[0].gate)
        lane.limiters.append(limiter)
        lane.shares = True
