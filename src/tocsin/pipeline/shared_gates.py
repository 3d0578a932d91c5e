"""Limits that a provider sets for something several lanes share: a Discord channel with two webhooks, say."""

from collections import defaultdict
from collections.abc import Iterable

from tocsin.channels.contract import SharesGate
from tocsin.core.clock import Clock
from tocsin.pipeline.in_force import InForce
from tocsin.pipeline.lane import Lane, Turnstile
from tocsin.pipeline.targets import Targets

ASK_AGAIN_S = 60.0  # a provider that cannot tell now is asked again, but not often


class SharedGates:
    """Who shares with whom only the provider knows. Until it has told, a lane keeps the shared limit by itself."""

    def __init__(self, in_force: InForce, targets: Targets, clock: Clock) -> None:
        self._in_force = in_force
        self._targets = targets
        self._clock = clock
        self._stiles: dict[str, Turnstile] = {}
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
        channel: object = self._in_force.channels.get(lane.channel)
        target, *_ = lane.alive(self._targets.disabled)
        return await channel.shared_gate(target) if isinstance(channel, SharesGate) else None

    def _lead_through(self, lane: Lane, name: str) -> None:
        """What the lane has sent so far counts for all who share the gate."""
        stile = self._stiles.setdefault(name, Turnstile(lane.policy.shared))
        stile.join(lane.turnstiles[0].gate)
        lane.turnstiles.append(stile)
        lane.shares = True
