"""Keeps messages that stand at providers true, with what the lanes' budgets leave over."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from tocsin.channels.abilities import Edits
from tocsin.channels.contract import Report
from tocsin.core.clock import Clock
from tocsin.core.facts import Attempted, Emit
from tocsin.core.outcome import Deferred, Delay, Refused, Sent, Unknown
from tocsin.ledger.contract import Queue, StandingMessage
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.attempt import message_of
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.moves import Moves
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.tasks import Tasks
from tocsin.rules.gate import bounded
from tocsin.rules.step import back_off

AT_ONCE = 500  # messages that are read together


@dataclass(frozen=True, slots=True)
class _Rest:
    """No edit before that monotonic time, after so many failures in a row."""

    until: float
    failures: int


class Editor:
    """An edit is the same however often it is made: one whose answer was lost is simply made again.

    What goes wrong with edits (they have limits of their own) keeps no alert waiting: a lane whose edits are limited,
    or a message that cannot be edited now, rests by itself.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        active: Active,
        lanes: Lanes,
        targets: Targets,
        moves: Moves,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._queue = queue
        self._active = active
        self._lanes = lanes
        self._targets = targets
        self._moves = moves
        self._clock = clock
        self._emit = emit
        self._rests: dict[str, _Rest] = {}  # by lane, and by the reference of a message
        self._tasks = Tasks("editor", emit)
        self._looked_after: set[str] = set()

    async def look(self) -> None:
        """Begin to edit what is due on lanes that have nothing else to do: one task for each, so that a provider that
        answers slowly keeps no other lane's messages from being put right.
        """
        idle = frozenset(name for name, lane in self._lanes.items() if self._spare(lane)) - self._looked_after
        if not idle:
            return
        alive = frozenset(target for name in idle for target in self._lanes[name].alive(self._targets.disabled))
        for name, messages in groupby(sorted(await self._queue.edits(alive, AT_ONCE), key=_lane_of), key=_lane_of):
            if name in idle:
                self._looked_after.add(name)
                self._tasks.start(self._edit_all(name, tuple(messages)))

    async def stop(self) -> None:
        """An edit that has no answer yet is made again."""
        await self._tasks.cancel()

    async def _edit_all(self, name: str, messages: Sequence[StandingMessage]) -> None:
        try:
            left = [message for message in messages if not self._rests_now(message.reference)]
            while left and (lane := self._lanes.get(name)) is not None and self._spare(lane):
                now = _together(left, lane)
                left = left[len(now) :]
                await asyncio.gather(*(self._edit(lane, message) for message in now))
        finally:
            self._looked_after.discard(name)

    def _spare(self, lane: Lane) -> bool:
        return not self._rests_now(lane.name) and lane.idle(self._clock.now(), self._clock.monotonic())

    def _rests_now(self, name: str) -> bool:
        rest = self._rests.get(name)
        return rest is not None and self._clock.monotonic() < rest.until

    async def _edit(self, lane: Lane, message: StandingMessage) -> None:
        channel: object = self._active.channels.get(lane.channel)
        if not isinstance(channel, Edits):
            await self._queue.note_shown(message)
            return
        report = await self._send(lane, channel, message)
        match report.outcomes[0]:
            case Sent():
                await self._done(message)
            case Refused() as refused:
                await self._done(message)
                if refused.why.disables_target:
                    # A dead target is not called again, whoever found out.
                    moved = await self._targets.disable(message.target, refused.why.value, refused.detail)
                    self._moves.follow(moved.deliveries, moved.lanes)
            case Deferred() | Unknown() as failed:
                self._put_off(lane, message, report, failed)
        if report.budget and not report.budget.remaining:
            self._rest(lane.name, report.budget.resets_after)

    async def _send(self, lane: Lane, channel: Edits, message: StandingMessage) -> Report:
        """Send an edit. It counts towards the lane's own limits, may be the probe of an open breaker, and never opens
        one.
        """
        probing = lane.breaker.open
        began = self._lanes.begin(lane)
        try:
            report = await channel.edit(message_of(message))
            if probing:
                self._lanes.judge(lane, report.outcomes[0])
        finally:
            took_s = self._lanes.end(lane, began)
        self._emit(
            Attempted(
                target=message.target, lane=lane.name, members=len(message.members), outcome="edit", took_s=took_s
            )
        )
        return report

    async def _done(self, message: StandingMessage) -> None:
        for name in (message.reference, message.lane):
            self._rests.pop(name, None)
        await self._queue.note_shown(message)

    def _put_off(self, lane: Lane, message: StandingMessage, report: Report, failed: Deferred | Unknown) -> None:
        limited = isinstance(failed, Deferred) and failed.why is Delay.RATE_LIMITED and not failed.part
        name = lane.name if limited else message.reference
        failures = self._rests[name].failures + 1 if name in self._rests else 1
        named = failed.after if isinstance(failed, Deferred) else None
        wait = max(bounded(named or timedelta()), back_off(failures, 1.0))
        self._rest(name, wait, failures)
        if limited and report.whole_channel:
            self._lanes.shut(lane, report, wait)

    def _rest(self, name: str, wait: timedelta, failures: int = 0) -> None:
        before = self._rests.get(name, _Rest(0.0, 0))
        until = self._clock.monotonic() + bounded(wait).total_seconds()
        self._rests[name] = _Rest(max(before.until, until), max(before.failures, failures))


def _together(messages: Sequence[StandingMessage], lane: Lane) -> Sequence[StandingMessage]:
    """Those that are edited at once: many people have a message each, one place has few."""
    return messages[: lane.policy.gate.bundle] if all(map(_is_of_people, messages)) else messages[:1]


def _is_of_people(message: StandingMessage) -> bool:
    return all(delivery.slot is not None for delivery, _ in message.members)


def _lane_of(message: StandingMessage) -> str:
    return message.lane
