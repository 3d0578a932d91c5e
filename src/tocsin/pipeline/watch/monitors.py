"""Knows the monitors of the retailers, and which have fallen silent. The ledger is the truth; this is its copy."""

from collections.abc import Sequence
from datetime import timedelta

from tocsin.core.clock import Clock
from tocsin.core.errors import InvalidRequestError, NotFoundError
from tocsin.core.facts import Emit, MonitorBack, MonitorLost
from tocsin.core.monitor import Monitor
from tocsin.ledger.contract import Operations
from tocsin.rules.monitor import heard, judged

MOST = 1000  # monitors of one service: whoever registers more makes up a new id each time


class Monitors:
    """Silence is measured on the monotonic clock and from our own start on: neither a jump of the wall clock nor our
    being away makes anybody lost.
    """

    def __init__(self, operations: Operations, clock: Clock, emit: Emit) -> None:
        self._operations = operations
        self._clock = clock
        self._emit = emit
        self._monitors: dict[str, Monitor] = {}
        self._heard: dict[str, float] = {}

    async def refresh(self) -> None:
        """Read them as they are now: at start, and where another node has heard of one. What this one has heard since
        stays.
        """
        kept, now = await self._operations.monitors(), self._clock.monotonic()
        known, self._monitors = self._monitors, {}
        for monitor in kept:
            before = known.get(monitor.id)
            if before is None or monitor.heard_at > before.heard_at:
                self._heard[monitor.id] = now
            self._monitors[monitor.id] = max(monitor, before or monitor, key=lambda one: one.heard_at)

    def listed(self) -> Sequence[Monitor]:
        """By id."""
        return sorted(self._monitors.values(), key=lambda monitor: monitor.id)

    def counted(self) -> dict[str, int]:
        lost = sum(monitor.lost_at is not None for monitor in self._monitors.values())
        return {"active": len(self._monitors) - lost, "lost": lost}

    def is_lost(self, identifier: str) -> bool:
        """False for one that is heard, and for one that nobody knows any more."""
        monitor = self._monitors.get(identifier)
        return monitor is not None and monitor.lost_at is not None

    async def register(self, identifier: str, retailer: str, skus: Sequence[str], interval: timedelta) -> Monitor:
        """To be known is a sign of life. Raises InvalidRequestError where there are too many already."""
        known = self._monitors.get(identifier)
        if known is None and len(self._monitors) >= MOST:
            raise InvalidRequestError(
                f"there are {MOST} monitors: give each the same id at every start, or delete some"
            )
        now = self._clock.now()
        fresh = Monitor(
            id=identifier,
            retailer=retailer,
            skus=tuple(skus),
            interval=interval,
            registered_at=known.registered_at if known else now,
            heard_at=now,
        )
        return await self._hear(known, fresh)

    async def heartbeat(self, identifier: str) -> Monitor:
        """Raises NotFoundError."""
        known = self._monitors.get(identifier)
        if known is None:
            raise NotFoundError(f"there is no monitor {identifier}: register it with PUT first")
        return await self._hear(known, known)

    async def forget(self, identifier: str) -> None:
        """Raises NotFoundError."""
        known = self._monitors.pop(identifier, None)
        self._heard.pop(identifier, None)
        if not await self._operations.forget_monitor(identifier) and known is None:
            raise NotFoundError(f"there is no monitor {identifier}")

    async def watch(self) -> None:
        """Find those that have fallen silent."""
        for monitor in tuple(self._monitors.values()):
            silent_s = self._clock.monotonic() - self._heard.get(monitor.id, self._clock.monotonic())
            verdict = judged(monitor, silent_s, self._clock.now())
            if verdict is not monitor and self._monitors.get(monitor.id) is monitor:
                self._monitors[monitor.id] = verdict
                self._emit(MonitorLost(verdict))
                await self._operations.keep_monitor(verdict)

    async def _hear(self, known: Monitor | None, fresh: Monitor) -> Monitor:
        """Note a sign of life, whether or not it can be written now."""
        monitor = self._monitors[fresh.id] = heard(fresh, self._clock.now())
        self._heard[fresh.id] = self._clock.monotonic()
        if known is not None and known.lost_at is not None:
            self._emit(MonitorBack(monitor, silent_since=known.heard_at))
        await self._operations.keep_monitor(monitor)
        return monitor
