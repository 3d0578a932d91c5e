"""The moving parts, from a detection that comes in to the last word about its deliveries, made in the order in which
they need each other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from types import MappingProxyType
from typing import Any

from tocsin.access.passes import Passes
from tocsin.bus.contract import Bus
from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Fact
from tocsin.core.part import Part
from tocsin.ledger.contract import Cluster, Ledger
from tocsin.mirrors.contract import Mirror
from tocsin.pipeline.active import Active
from tocsin.pipeline.analytics.answers import Answers
from tocsin.pipeline.analytics.following import Following
from tocsin.pipeline.analytics.headlines import Headlines
from tocsin.pipeline.analytics.uptime import Uptime
from tocsin.pipeline.elsewhere import Elsewhere, Refresh
from tocsin.pipeline.feed import Feed
from tocsin.pipeline.intake.intake import Intake
from tocsin.pipeline.mirroring import Mirroring
from tocsin.pipeline.operations import Operations
from tocsin.pipeline.people.consent_teller import ConsentTeller
from tocsin.pipeline.people.verification import Verification
from tocsin.pipeline.sending.sending import Sending
from tocsin.pipeline.watch.upkeep import Job, Upkeep
from tocsin.pipeline.watch.watch import Watch

NOTHING_MORE: Mapping[Part, Refresh] = MappingProxyType({})


class Pipeline:
    """Everything behind the doors. `active` is what a reload swaps; `random` spreads retries. `refresh` reads what
    others keep in memory of a ledger that nodes share.
    """

    def __init__(
        self,
        ledger: Ledger,
        bus: Bus,
        active: Active,
        clock: Clock,
        emit: Emit,
        *,
        mirrors: Sequence[Mirror] = (),
        ownership: Ownership | None = None,
        refresh: Mapping[Part, Refresh] = NOTHING_MORE,
        random: Random | None = None,
    ) -> None:
        self._active = active
        self.sending = Sending(ledger, active, clock, emit, ownership=ownership, random=random)
        self.feed = Feed(ledger.history, bus, clock, emit, ledger.epoch)
        self.directories = self.sending.directories
        self.passes = Passes(lambda: ledger.link_secret)
        self.verification = Verification(ledger.people, active, self.passes, clock, emit)
        self.intake = Intake(
            queue=ledger.queue,
            history=ledger.history,
            bus=bus,
            targets=self.sending.targets,
            moves=self.sending.moves,
            directories=self.directories,
            active=active,
            clock=clock,
            emit=emit,
        )
        self.operations = Operations(
            queue=ledger.queue,
            history=ledger.history,
            sending=self.sending,
            directories=self.directories,
            active=active,
            clock=clock,
        )
        self.mirroring = Mirroring(ledger.mirrors, mirrors, self.sending.ownership, clock, emit)
        self.following = Following(ledger.analytics, clock)
        self.watch = Watch(ledger, self.sending, active, clock, emit)
        self._consents = ConsentTeller(ledger.people, active, clock, emit)
        self.uptime = Uptime(ledger.analytics, ledger.queue, self.sending.lanes, active, clock)
        self.answers = Answers(ledger.analytics, active, clock)
        self.headlines = Headlines(self.answers, clock)
        self._upkeep = Upkeep(self._jobs(ledger), self.sending.ownership, clock, emit)
        ledger.on_change(bus.changes.publish)
        self.sending.moves.hand_on(bus.lanes.publish)
        self._elsewhere = None if ledger.cluster is None else self._hearing(ledger.cluster, bus, refresh, clock, emit)

    def hear(self, fact: Fact) -> None:
        self.watch.hear(fact)
        self.uptime.hear(fact)

    async def vitals(self) -> dict[str, Any]:
        """How the service does now, in the figures that every operator's page shows alike."""
        await self.watch.last_minute.look()
        queue = self.watch.last_minute.queue()
        return {
            "last_minute": self.watch.last_minute.as_json(),
            "queue": self.sending.dispatcher.depth() if queue is None else queue,
            "objective": self.watch.objectives.as_json(),
            "shadow": self.operations.shadow(),
        }

    async def reload(self) -> None:
        """The rules and channels in force are others now."""
        await self._write_down()
        await self.sending.reload()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run every part: the first that is started is stopped last. Nothing new may come in once this is to end."""
        async with AsyncExitStack() as stack:
            if self._elsewhere is not None:
                await self._elsewhere.start()
                stack.push_async_callback(self._elsewhere.stop)
            await self.watch.recall()
            await self.feed.start()
            stack.push_async_callback(self.feed.stop)
            await self._write_down()
            await stack.enter_async_context(self.sending.running())
            await stack.enter_async_context(self.watch.running())
            await self.uptime.start()
            await self.mirroring.start()
            stack.push_async_callback(self.mirroring.stop)
            await self._upkeep.start()
            stack.push_async_callback(self._upkeep.stop)
            yield

    def _hearing(
        self, cluster: Cluster, bus: Bus, refresh: Mapping[Part, Refresh], clock: Clock, emit: Emit
    ) -> Elsewhere:
        return Elsewhere(
            cluster,
            bus,
            clock,
            emit,
            follow=self.feed.note_newest,
            wake=self.sending.wake,
            refresh={
                Part.LANES: self.sending.dispatcher.look,
                Part.TARGETS: self.sending.targets.refresh,
                Part.MONITORS: self.watch.monitors.refresh,
                Part.CONDITIONS: self.watch.conditions.refresh,
                **refresh,
            },
        )

    async def _write_down(self) -> None:
        book = self._active.rulebook
        lists = {name: one.people for name, one in book.routing.targets.items() if one.people}
        await self.directories.write_down(lists, book.people.zone)

    def _jobs(self, ledger: Ledger) -> Sequence[Job]:
        """Those with a lane write for all. The others are about what this node works, or has in its memory."""
        sending, watch = self.sending, self.watch
        return (
            Job("see that the ledger is there", 1.0, ledger.watch),
            Job("expire deliveries", 1.0, sending.overdue.expire, "job:expiry"),
            Job("fail over", 1.0, sending.overdue.fail_over),
            Job("edit messages", 1.0, sending.editor.look),
            Job("watch lanes", 1.0, sending.lane_watch.look),
            Job("watch monitors", 1.0, watch.monitors.watch, "job:monitors"),
            Job("watch conditions", 1.0, watch.conditions.look),
            Job("watch objectives", 1.0, watch.objectives.watch),
            Job("compare nodes", 5.0, watch.nodes.look),
            Job("tell operators", 1.0, watch.operators.look),
            Job("book prices", 1.0, sending.prices.look),
            Job("tell of consent", 1.0, self._consents.look, "job:consent"),
            Job("keep what this month costs", 60.0, watch.monthly_costs.keep, "job:costs"),
            Job("look for work", 5.0, sending.dispatcher.look),
            Job("settle doubts", 5.0, sending.doubts.look),
            Job("close what is silent", 15.0, self.intake.close_silent, "job:silence"),
            Job("see which channels work", 15.0, self.uptime.look),
            Job("count what happened", 60.0, self.following.look, "job:figures"),
            Job("read the headlines", 60.0, self.headlines.look),
            Job("name what is searched", 1.0, watch.naming.look, "job:naming"),
            Job("prune", 60.0, watch.retention.prune, "job:retention"),
        )
