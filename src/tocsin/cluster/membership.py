"""A node among others: it counts as alive by a lease that it extends each second, and works its own lanes."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tocsin.cluster.contract import Keeper, Recovered
from tocsin.cluster.lease import LASTS, Lease
from tocsin.cluster.placing import Course, Standing, course
from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery
from tocsin.core.errors import LedgerError, LedgerUnavailableError
from tocsin.core.facts import Emit, LanesMoved, NodeBuried, Trouble
from tocsin.ledger.contract import Cluster, Hold, Node, View

BEAT_S = 1.0
SOON_S = 0.05  # until the next look where something is expected any moment
PATIENCE = 2 / 3  # of a lease: that its extension may take
PARTING_S = 3.0  # that a stop waits for a ledger that does not answer
AGAIN_S = 0.25  # after a beat that came to nothing


Steer = Callable[[datetime, float], None]
"""Hears what time the database said it was, and how many seconds it took to ask."""


class Membership:
    """An `Ownership` on a ledger that several nodes share. Its `clock` is the one of this machine."""

    def __init__(
        self,
        cluster: Cluster,
        node: Node,
        clock: Clock,
        emit: Emit,
        *,
        steer: Steer | None = None,
        lasts: timedelta = LASTS,
    ) -> None:
        self._cluster = cluster
        self._lasts = lasts
        self._steer = steer
        self._node = node
        self._clock = clock
        self._emit = emit
        self._keepers: list[Keeper] = []
        self._listeners: list[Recovered] = []
        self._lease: Lease | None = None
        self._away_until = float("-inf")  # monotonic, as is `_free_since`
        self._free_since: dict[str, float] = {}
        self._holds: dict[str, int] = {}
        self._winning: set[asyncio.Task[None]] = set()
        self._draining: dict[str, tuple[str, str | None]] = {}  # the group of each, and who gets it
        self._retiring = False
        self._given: dict[str, int] = {}  # under that fence, which may be read once more
        self._fences: dict[str, int] = {}  # of what it owned at the last beat
        self._beating = asyncio.Lock()
        self._acts = asyncio.Lock()
        self._acting: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        self.seen: View | None = None

    @property
    def node(self) -> str:
        return self._node.id

    def serve(self, keeper: Keeper) -> None:
        self._keepers.append(keeper)

    def listen(self, recovered: Recovered) -> None:
        self._listeners.append(recovered)

    def hold(self, lane: str) -> Hold | None:
        return Hold(self._node.id, self._holds[lane]) if lane in self._holds else None

    def owns(self, lane: str) -> bool:
        return lane in self._holds and self._is_alive()

    def living(self) -> frozenset[str]:
        return frozenset(row.node.id for row in self.seen.nodes if row.alive) if self.seen else frozenset()

    def vouches(self, node: str | None) -> bool:
        return node == self._node.id and self._is_alive()

    async def start(self) -> None:
        """Return once what nobody else works is worked here, or that has to wait for the next beat."""
        await self._enter()
        with contextlib.suppress(LedgerError):
            await self.look()
        while self._winning:
            await asyncio.wait(self._winning)
        self._beats = asyncio.create_task(self._beat_on())

    async def look(self) -> None:
        """Extend the lease as well. Raises LedgerError."""
        await self._act(await self._beat())

    @property
    def me(self) -> Node:
        return self._node

    def worked(self) -> frozenset[str]:
        return frozenset(self._holds) if self._is_alive() else frozenset()

    def lease_left(self) -> float:
        return 0.0 if self._lease is None else self._lease.left(self._clock.monotonic(), self._clock.now())

    async def describe(self, config_digest: str) -> None:
        """Where the ledger does not answer now, the others hear of it when this node enters again."""
        self._node = replace(self._node, config_digest=config_digest)
        with contextlib.suppress(LedgerError):
            await self._cluster.describe(self._node.id, config_digest)

    async def retire(self) -> None:
        self._retiring = True
        with contextlib.suppress(LedgerError, TimeoutError):  # it is seen by what it gives up
            async with asyncio.timeout(PARTING_S):
                await self._cluster.retire(self._node.id)
                await self.look()

    async def stop(self) -> None:
        tasks = [task for task in (self._beats, self._acting, *self._winning) if task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._lose(tuple(self._holds))
        with contextlib.suppress(LedgerError, TimeoutError):  # its lease ends by itself
            async with asyncio.timeout(PARTING_S):
                self._tell((await self._cluster.leave(self._node.id)).deliveries)

    def _is_alive(self) -> bool:
        return self._lease is not None and self._lease.is_held(self._clock.monotonic(), self._clock.now())

    async def _beat_on(self) -> None:
        """Whatever there is to be done, and however long the ledger takes for it, no beat waits for it."""
        while True:
            try:
                await self._rest()
                course = await self._beat()
                self._begin_to_act(self._act(course))
            except LedgerError:
                await self._clock.sleep(AGAIN_S)  # whoever needs the ledger says that it does not answer
            except Exception as bug:  # noqa: BLE001 - a node that does not beat any more is dead to all others
                self._emit(Trouble("task_failed", f"membership: {bug!r}", "Report this: it beats on."))
                await self._clock.sleep(AGAIN_S)

    async def _rest(self) -> None:
        """Until the next beat. What is drained is given up meanwhile, the moment nothing of it is under way."""
        until = self._clock.monotonic() + self._next_beat()
        while (left := until - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left, SOON_S) if self._draining else left)
            if self._draining:
                self._begin_to_act(self._give_up())

    def _begin_to_act(self, action: Coroutine[Any, Any, None]) -> None:
        """Unless something is being done already: the next beat says what is left."""
        if self._acting is not None and not self._acting.done():
            action.close()
            return
        self._acting = asyncio.create_task(self._tried(action))

    async def _tried(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            await action
        except LedgerError:
            pass  # it is found again with the next beat
        except Exception as bug:  # noqa: BLE001 - it is tried again, and no beat ends by it
            self._emit(Trouble("task_failed", f"membership: {bug!r}", "Report this: it is tried again."))

    async def _give_up(self) -> None:
        async with self._acts:
            await self._give_idle()

    def _next_beat(self) -> float:
        """A lease that is about to end is looked at the moment it has."""
        others = [row for row in self.seen.nodes if row.node.id != self._node.id] if self.seen else []
        ends = [row.lease_left.total_seconds() + SOON_S for row in others if row.alive]
        return min((BEAT_S, *ends))

    async def _enter(self) -> None:
        self._tell((await self._cluster.enter(self._node, self._lasts)).deliveries)

    async def _beat(self) -> Course:
        """Extend, and see what is to be done."""
        async with self._beating:
            began, began_at = self._clock.monotonic(), self._clock.now()
            view = await self._extended()
            if view is not None:
                return self._seen(view, began, began_at)
            await self._enter_again()
        return await self._beat()

    async def _extended(self) -> View | None:
        """A lease that takes as long as it lasts to be extended is worth nothing any more."""
        try:
            async with asyncio.timeout(self._lasts.total_seconds() * PATIENCE):
                return await self._cluster.extend(self._node.id, self._lasts)
        except TimeoutError:
            raise LedgerUnavailableError("the database does not answer in time: see that it runs") from None

    def _seen(self, view: View, began: float, began_at: datetime) -> Course:
        if self._steer is not None:
            self._steer(view.now, self._clock.monotonic() - began)
        self._note_away(began)
        self._lease, self.seen = Lease(began, began_at, self._lasts), view
        self._note_owners(view)
        return course(view, self._standing(), began)

    async def _enter_again(self) -> None:
        """It was buried: what it held is others', what it was sending they look after."""
        self._lose((*self._holds, *self._draining))
        self._lease = None
        self._node = replace(self._node, id=uuid4().hex)
        await self._enter()

    def _note_away(self, now: float) -> None:
        if self._lease is not None and not self._is_alive():
            self._away_until = now + self._lasts.total_seconds()

    def _note_owners(self, view: View) -> None:
        """Compare what is held with what is owned. What was given to this node is won."""
        mine = {row.lane: row.fence for row in view.owners if row.node == self._node.id}
        self._lose([lane for lane, fence in self._holds.items() if mine.get(lane) != fence])
        self._draining = {lane: to for lane, to in self._draining.items() if lane in mine}
        self._given = {lane: fence for lane, fence in self._given.items() if mine.get(lane) == fence}
        self._fences = mine
        gone = self._draining.keys() | self._given.keys()
        self._win({lane: fence for lane, fence in mine.items() if lane not in gone})
        now, owned = self._clock.monotonic(), {row.lane for row in view.owners if row.node is not None}
        free = self._groups().keys() - owned
        self._free_since = {lane: self._free_since.get(lane, now) for lane in free}

    async def _act(self, course: Course) -> None:
        """What has changed by it is seen at once. Raises LedgerError."""
        async with self._acts:
            while await self._follow(course):
                course = await self._beat()

    async def _follow(self, course: Course) -> bool:
        """Whether something is another way now."""
        self._drain(course.give)
        for dead in course.bury:
            await self._bury(dead)
        taken = await self._cluster.take(self._node.id, course.take) if course.take else {}
        if course.want:
            await self._cluster.want(self._node.id, course.want)
        await self._give_idle()
        return bool(course.bury or taken)

    async def _bury(self, dead: str) -> None:
        moved = await self._cluster.bury(dead)
        if moved is not None:
            names = {row.node.id: row.node.name for row in self.seen.nodes} if self.seen else {}
            self._emit(NodeBuried(names.get(dead, dead), len(moved.deliveries)))
            self._tell(moved.deliveries)

    def _groups(self) -> dict[str, str]:
        return {lane: group for keeper in self._keepers for lane, group in keeper.lanes().items()}

    def _standing(self) -> Standing:
        return Standing(
            me=self._node.id,
            groups=self._groups(),
            free_since=self._free_since,
            retiring=self._retiring,
            was_away=self._clock.monotonic() < self._away_until,
        )

    def _win(self, lanes: Mapping[str, int]) -> None:
        """Whatever its keeper has to read before it can work them keeps the lease waiting for nothing."""
        fresh = {lane: fence for lane, fence in lanes.items() if lane not in self._holds}
        for keeper in self._keepers:
            own = fresh.keys() & keeper.lanes().keys()
            if own:
                self._holds |= {lane: fresh[lane] for lane in own}
                self._emit(LanesMoved(won=tuple(sorted(own))))
                self._begin(keeper, frozenset(own))

    def _begin(self, keeper: Keeper, lanes: frozenset[str]) -> None:
        task = asyncio.create_task(self._won(keeper, lanes))
        self._winning.add(task)
        task.add_done_callback(self._winning.discard)

    async def _won(self, keeper: Keeper, lanes: frozenset[str]) -> None:
        """Where the ledger cannot tell now what is to be known of them, they are won anew with the next beat."""
        try:
            await keeper.win(lanes)
        except LedgerError:
            self._lose(lanes)
        except Exception as bug:  # noqa: BLE001 - lanes that nobody works must not count as worked
            self._emit(Trouble("task_failed", f"winning lanes: {bug!r}", "Report this: it is tried again."))
            self._lose(lanes)

    def _lose(self, lanes: Collection[str]) -> None:
        lost = [lane for lane in lanes if self._holds.pop(lane, None) is not None]
        if lost:
            self._emit(LanesMoved(lost=tuple(sorted(lost))))
            for keeper in self._keepers:
                keeper.lose(lost)

    def _drain(self, given: Mapping[str, str | None]) -> None:
        """Nothing more is begun on what is to be given up."""
        groups = self._groups()
        self._draining |= {lane: (groups.get(lane, lane), to) for lane, to in given.items()}
        self._lose(tuple(given))

    async def _give_idle(self) -> None:
        """A group is given up as a whole: whoever gets a part of it would pass the gate beside those still here."""
        busy = {group for lane, (group, _) in self._draining.items() if any(one.busy(lane) for one in self._keepers)}
        idle = {lane: to for lane, (group, to) in self._draining.items() if group not in busy}
        if idle:
            fences = {lane: self._fences[lane] for lane in idle if lane in self._fences}
            await self._cluster.give(self._node.id, idle)
            self._given |= fences  # what was read before that says that they are its own
            self._draining = {lane: to for lane, to in self._draining.items() if lane not in idle}

    def _tell(self, recovered: Sequence[Delivery]) -> None:
        if recovered:
            for listener in self._listeners:
                listener(recovered)
