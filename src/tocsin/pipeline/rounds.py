"""Makes rounds: each is made again after its rest. On a ledger that nodes share, one of them makes those that have a
lane.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.leave import leaving_while


@dataclass(frozen=True, slots=True)
class Round:
    """`turn` makes it once, never raises, and says for how many seconds to rest then. Every node makes one without a
    `lane`.
    """

    name: str
    turn: Callable[[], Awaitable[float]]
    lane: str = ""


@dataclass(eq=False, slots=True)
class _Walk:
    """One round under way, again and again."""

    task: asyncio.Task[None] | None = None
    turning: bool = False
    over: bool = False


@dataclass(eq=False, slots=True)
class Rounds:
    """A `Keeper` of the lanes of its rounds. Each has a task of its own: one that takes long keeps no other waiting."""

    rounds: Sequence[Round]
    ownership: Ownership
    clock: Clock
    _walks: dict[str, _Walk] = field(default_factory=dict)  # by name
    _won: set[str] = field(default_factory=set)
    _begun: bool = False

    def __post_init__(self) -> None:
        self.ownership.serve(self)

    async def start(self) -> None:
        self._begun = True
        for each in self.rounds:
            if not each.lane or each.lane in self._won:
                self._begin(each)

    async def stop(self) -> None:
        self._begun = False
        tasks = [walk.task for walk in self._walks.values() if walk.task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def lanes(self) -> Mapping[str, str]:
        return {each.lane: each.lane for each in self.rounds if each.lane}

    async def win(self, lanes: Collection[str]) -> None:
        """What is still under way of the last time ends first."""
        self._won.update(lanes)
        for each in self._on(lanes):
            walk = self._walks.get(each.name)
            if walk is not None and walk.task is not None and walk.over:
                await asyncio.wait({walk.task})
            if self._begun and each.lane in self._won:
                self._begin(each)

    def lose(self, lanes: Collection[str]) -> None:
        """What is being made is made to its end."""
        self._won.difference_update(lanes)
        for each in self._on(lanes):
            if walk := self._walks.get(each.name):
                walk.over = True
                if walk.task is not None and not walk.turning:
                    walk.task.cancel()

    def busy(self, lane: str) -> bool:
        return any(each.name in self._walks and self._walks[each.name].turning for each in self._on([lane]))

    def _on(self, lanes: Collection[str]) -> list[Round]:
        return [each for each in self.rounds if each.lane and each.lane in lanes]

    def _begin(self, each: Round) -> None:
        walk = self._walks[each.name] = _Walk()
        walk.task = asyncio.create_task(self._repeat(each, walk), name=each.name)

    async def _repeat(self, each: Round, walk: _Walk) -> None:
        while not walk.over:
            walk.turning = True
            try:
                with self._leaving(each):
                    rest = await each.turn()
            finally:
                walk.turning = False
            if not walk.over:
                await self.clock.sleep(rest)

    def _leaving(self, each: Round) -> contextlib.AbstractContextManager[None]:
        """What stood still for longer than its lease sends nothing any more: another node may be at it."""
        return leaving_while(lambda: self.ownership.owns(each.lane)) if each.lane else contextlib.nullcontext()
