"""Tells operators what they should know of, once when it begins and once when it is over."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from tocsin.channels.abilities import NotifiesOperators
from tocsin.channels.contract import Report
from tocsin.core.clock import Clock
from tocsin.core.condition import Condition, Phase
from tocsin.core.delivery import Target
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Attempted, Emit, Trouble
from tocsin.core.outcome import Deferred, Delay, Doubt, Refused, Sent, Unknown
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.lane import Lane
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.moves import Moves
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.rules.conditions import notice
from tocsin.rules.gate import bounded
from tocsin.rules.step import CREDENTIALS_WAIT, UNNAMED_WAIT

PATIENCE = timedelta(minutes=1)  # alerts go first; after this, operators are told on a busy lane as well
GRACE_S = 3.0  # for answers, at a stop

# After these the lane waits at least so long, as after an alert that met them.
_WAITS: Mapping[Delay, timedelta] = MappingProxyType(
    {Delay.RATE_LIMITED: UNNAMED_WAIT, Delay.CREDENTIALS: CREDENTIALS_WAIT}
)


@dataclass(frozen=True, slots=True)
class _Way:
    """The way to a target; since `began` a place in the lane's gates is taken."""

    lane: Lane
    channel: NotifiesOperators
    target: Target
    began: float


class Operators:
    """Compares what each target was told with what is so: nothing is queued, and a restart changes nothing.

    A notice whose answer was lost is told again. Notices pass the gates of their lane, and count for its breaker, as
    any request to that place does.
    """

    def __init__(
        self,
        *,
        conditions: Conditions,
        lanes: Lanes,
        targets: Targets,
        moves: Moves,
        active: Active,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._conditions = conditions
        self._lanes = lanes
        self._targets = targets
        self._moves = moves
        self._active = active
        self._clock = clock
        self._emit = emit
        self._under_way: dict[Target, asyncio.Task[None]] = {}

    async def look(self) -> None:
        """Begin to tell each target what it does not know yet. One that answers slowly keeps no other waiting."""
        if any(self._conditions.untold(target) for target in self._active.rulebook.operators):
            await self._conditions.refresh()  # another node may have told them a moment ago
        for target in self._active.rulebook.operators:
            if target not in self._under_way:
                self._look_after(target)

    async def stop(self) -> None:
        """Notices under way get a moment for their answer, so that they need not be told once more."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way.values(), timeout=GRACE_S)
            for task in late:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _look_after(self, target: Target) -> None:
        channel: object = self._active.channels.get(target.channel)
        lane = self._lane_to(target)
        if lane is None or not isinstance(channel, NotifiesOperators):
            return
        news = self._news(target, lane)
        if news and self._passes(lane, news):
            way = _Way(lane, channel, target, began=self._lanes.begin(lane))
            task = asyncio.create_task(self._send(way, news[: channel.notices_at_once]))
            self._under_way[target] = task
            task.add_done_callback(lambda ended: self._ended(target, ended))

    def _ended(self, target: Target, task: asyncio.Task[None]) -> None:
        del self._under_way[target]
        if not task.cancelled() and (bug := task.exception()):
            self._emit(Trouble("notice_failed", repr(bug), "Report this: a notice ended in an unforeseen way."))

    def _lane_to(self, target: Target) -> Lane | None:
        """None where nothing is sent: it is not configured, in shadow, or dead."""
        policy = self._active.rulebook.routing.targets.get(target)
        if policy is None or policy.shadow or target in self._targets.disabled:
            return None
        return self._lanes.get(policy.lane)

    def _news(self, target: Target, lane: Lane) -> list[Condition]:
        """The oldest first. That its own lane fails nobody is told over that very lane."""
        untold = self._conditions.untold(target)
        own = (str(target), lane.name)
        fit = [condition for condition in untold if condition.phase is Phase.OVER or condition.about not in own]
        return sorted(fit, key=lambda condition: condition.over_at or condition.began_at)

    def _passes(self, lane: Lane, news: Sequence[Condition]) -> bool:
        """At once where nothing else is there to leave; after a while, wherever the high band could."""
        now, moment = self._clock.monotonic(), self._clock.now()
        if moment - (news[0].over_at or news[0].began_at) > PATIENCE:
            return not lane.full() and lane.lowest_now(now) is not None
        return lane.idle(moment, now)

    async def _send(self, way: _Way, news: Sequence[Condition]) -> None:
        report = await self._request(way, news)
        match report.outcomes[0]:
            case Sent():
                await self._note_told(way.target, news)
            case Refused() as refused if refused.why.disables_target:
                with contextlib.suppress(LedgerError):  # it is found dead once more
                    moved = await self._targets.disable(way.target, refused.why.value, refused.detail)
                    self._moves.follow(moved.deliveries, moved.lanes)
            case Refused() as refused:
                said = f"{way.target}: {refused.why} {refused.detail}"
                self._emit(Trouble("notice_refused", said, "Report this: the provider does not understand a notice."))
                await self._note_told(way.target, news)
            case Deferred() | Unknown():
                pass  # it is still news at the next look

    async def _note_told(self, target: Target, news: Sequence[Condition]) -> None:
        self._conditions.note_told(target, news)
        with contextlib.suppress(LedgerError):  # it is known here, and written with the next look
            await self._conditions.keep()

    async def _request(self, way: _Way, news: Sequence[Condition]) -> Report:
        try:
            report = await self._call(way, news)
            self._learn(way.lane, report)
        finally:
            took_s = self._lanes.end(way.lane, way.began)
        self._emit(Attempted(target=way.target, lane=way.lane.name, members=len(news), outcome="notice", took_s=took_s))
        return report

    async def _call(self, way: _Way, news: Sequence[Condition]) -> Report:
        try:
            return await way.channel.notify(way.target, [notice(condition) for condition in news])
        except Exception as bug:  # noqa: BLE001 - a bug in one channel must not keep the others from being told
            self._emit(Trouble("channel_failed", f"{way.target}: {bug!r}", "Report this: a channel never raises."))
            return Report((Unknown(Doubt.CRASHED, type(bug).__name__),))

    def _learn(self, lane: Lane, report: Report) -> None:
        outcome = report.outcomes[0]
        lane.heed(self._clock.monotonic(), report.budget)
        self._lanes.judge(lane, outcome)
        if isinstance(outcome, Deferred) and outcome.why in _WAITS:
            named = bounded(outcome.after or timedelta())
            self._lanes.shut(lane, report, max(named, _WAITS[outcome.why]))
