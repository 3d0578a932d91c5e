"""Keeps messages that stand at providers true, with what the lanes' budgets leave over."""

from collections.abc import Callable, Mapping

from tocsin.channels.contract import Channel, Edits, Member, Message
from tocsin.core.alert import Band
from tocsin.core.clock import Clock
from tocsin.core.facts import Attempted, Tell
from tocsin.core.outcome import Deferred, Delivered, Refused
from tocsin.ledger.contract import Archive, Ledger, StandingMessage
from tocsin.pipeline.lane import Lane
from tocsin.rules.gate import bounded


class Editor:
    """An edit is the same however often it is made: one whose answer was lost is simply made again."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        archive: Archive,
        channels: Callable[[], Mapping[str, Channel]],
        lanes: Callable[[], Mapping[str, Lane]],
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._ledger = ledger
        self._archive = archive
        self._channels = channels
        self._lanes = lanes
        self._clock = clock
        self._tell = tell

    async def look(self) -> None:
        """Edit what is due on lanes that have nothing else to do."""
        idle = frozenset(name for name, lane in self._lanes().items() if self._spare(lane))
        if not idle:
            return
        for message in await self._archive.edits(idle):
            lane = self._lanes().get(message.lane)
            if lane is not None and self._spare(lane):
                await self._edit(lane, message)

    def _spare(self, lane: Lane) -> bool:
        """The lowest band may leave, and nothing waits that could."""
        waiting = lane.waiting is not None and lane.waiting.due <= self._clock.now()
        busy = waiting or lane.claiming or lane.full()
        return not busy and lane.lowest_now(self._clock.monotonic()) is Band.LOW

    async def _edit(self, lane: Lane, message: StandingMessage) -> None:
        channel: object = self._channels().get(lane.channel)
        if not isinstance(channel, Edits):
            await self._ledger.note_shown(message)
            return
        began = self._clock.monotonic()
        lane.enter(began)
        lane.start(began)
        members = tuple(Member(delivery, record) for delivery, record in message.members)
        report = await channel.edit(Message(target=message.target, reference=message.reference, members=members))
        now = self._clock.monotonic()
        outcome = report.outcomes[0]
        wait = outcome.after if isinstance(outcome, Deferred) else None
        lane.heed(now, report.budget, None if wait is None else bounded(wait))
        lane.judge(outcome, now)
        lane.end(began, now)
        self._tell(
            Attempted(target=message.target, lane=lane.name, members=len(members), outcome="edit", took_s=now - began)
        )
        if isinstance(outcome, Delivered | Refused):
            await self._ledger.note_shown(message)
