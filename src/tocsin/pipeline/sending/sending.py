"""The sending side: everything that brings deliveries to their targets, made in the order in which it is needed."""

import contextlib
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from tocsin.cluster.alone import Alone
from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit
from tocsin.ledger.contract import Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.dispatcher import Dispatcher
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.editor import Editor
from tocsin.pipeline.sending.lane_keeper import LaneKeeper
from tocsin.pipeline.sending.lane_watch import LaneWatch
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.moves import Moves
from tocsin.pipeline.sending.overdue import Overdue
from tocsin.pipeline.sending.prices import PriceBook
from tocsin.pipeline.sending.receipts import Receipts
from tocsin.pipeline.sending.schedule import Schedule
from tocsin.pipeline.sending.sender import Sender
from tocsin.pipeline.sending.shared_gates import SharedGates
from tocsin.pipeline.sending.shut_lanes import ShutLanes
from tocsin.pipeline.sending.targets import Targets

GRACE_S = 18.0  # a text may take longer: what has no answer by then is asked after at the next start


class Sending:
    """`random` spreads retries; a test gives one of its own."""

    def __init__(
        self,
        ledger: Ledger,
        active: Active,
        clock: Clock,
        emit: Emit,
        *,
        ownership: Ownership | None = None,
        random: Random | None = None,
    ) -> None:
        self.ownership = ownership or Alone()
        self.directories = Directories(ledger.people)
        queue = ledger.queue
        dice = random or Random()  # noqa: S311 - it spreads retries, and keeps no secret
        self.schedule = Schedule(clock)
        self.targets = Targets(ledger.operations, emit)
        gates, shut = SharedGates(active, self.targets, clock), ShutLanes(queue, clock)
        self.lanes = Lanes(active, gates, shut, schedule=self.schedule, clock=clock, emit=emit)
        self.moves = Moves(self.schedule, self.lanes, clock, emit)
        ledger.people.on_leaving(self.moves.follow)
        self.ownership.listen(self.moves.follow)
        self.sender = Sender(
            queue=queue,
            people=ledger.people,
            active=active,
            targets=self.targets,
            moves=self.moves,
            ownership=self.ownership,
            clock=clock,
            emit=emit,
            random=dice,
        )
        self.doubts = Doubts(
            queue=queue,
            history=ledger.history,
            sender=self.sender,
            lanes=self.lanes,
            ownership=self.ownership,
            active=active,
            clock=clock,
            emit=emit,
            random=dice,
        )
        self.dispatcher = Dispatcher(
            queue=queue,
            sender=self.sender,
            doubts=self.doubts,
            lanes=self.lanes,
            schedule=self.schedule,
            moves=self.moves,
            directories=self.directories,
            ownership=self.ownership,
            clock=clock,
            emit=emit,
        )
        self.keeper = LaneKeeper(
            queue=queue,
            lanes=self.lanes,
            sender=self.sender,
            dispatcher=self.dispatcher,
            doubts=self.doubts,
            ownership=self.ownership,
            active=active,
            clock=clock,
        )
        self.editor = Editor(
            queue=queue, active=active, lanes=self.lanes, targets=self.targets, moves=self.moves, clock=clock, emit=emit
        )
        self.overdue = Overdue(queue, self.lanes, self.moves, active, self.directories)
        self.receipts = Receipts(queue, ledger.people, self.moves, active, emit)
        self.prices = PriceBook(queue, self.lanes, active, clock)
        self.lane_watch = LaneWatch(
            self.lanes, self.targets, active=active, directories=self.directories, clock=clock, emit=emit
        )

    @asynccontextmanager
    async def running(self, grace_s: float = GRACE_S) -> AsyncIterator[None]:
        """At the end nothing more is claimed, and what is under way has so many seconds for its answer."""
        async with AsyncExitStack() as stack:
            await self.targets.refresh()
            stack.push_async_callback(self.ownership.stop)
            stack.push_async_callback(self.lanes.stop)
            await self.dispatcher.start()
            stack.push_async_callback(self.dispatcher.stop, grace_s)
            stack.push_async_callback(self.doubts.stop)
            stack.push_async_callback(self.editor.stop)
            yield

    def wake(self, lanes: Collection[str]) -> None:
        """Another node has put something into these: those that are worked here are looked at."""
        self.lanes.wake(self.lanes.keys() & set(lanes))

    async def reload(self) -> None:
        """The rules and channels in force are others now."""
        self.lanes.adopt()
        with contextlib.suppress(LedgerError):  # it looks by itself, too
            await self.ownership.look()
        await self.dispatcher.look()
