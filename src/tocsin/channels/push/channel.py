"""The push channel hands each person of an attempt to the way that leads to their kind of address."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tocsin.channels.abilities import Message, Probes, TellsBrowsers
from tocsin.channels.contract import Attempt, Matter, Member, Report
from tocsin.channels.push.way import Way
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.networks import Network
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.record import AlertRecord
from tocsin.rules.breaker import Breaker, admits, judge, probe
from tocsin.rules.step import CREDENTIALS_WAIT, UNNAMED_WAIT

NAME = "push"

_NOBODY = Refused(Refusal.INVALID_REQUEST, "push is for a person of a list")
_NO_WAY = Refused(Refusal.INVALID_REQUEST, "no way of push leads to this kind of address, as it is configured")
_SOON = Deferred(Delay.PROVIDER_TROUBLE, UNNAMED_WAIT)
_SHUTTING = (Delay.RATE_LIMITED, Delay.CREDENTIALS)
_NOT_TOLD = Refused(Refusal.MESSAGE_GONE, "this person is told nothing any more")


@dataclass(slots=True)
class _Health:
    """How a way fares: its breaker, and until when (by the monotonic clock) it rests for what was `said` of it."""

    breaker: Breaker = field(default_factory=Breaker)
    until: float = 0.0
    said: Deferred = _SOON

    def rests_for(self, now: float) -> float:
        """How many seconds nothing may leave by it; 0 where something may."""
        if self.until > now:
            return self.until - now
        if admits(self.breaker, now):
            return 0.0
        return max(self.breaker.open_until - now, UNNAMED_WAIT.total_seconds())

    @property
    def is_well(self) -> bool:
        return not self.until and not self.breaker.open


class PushChannel:
    """Satisfies `Channel`, `Measures`, `Probes`, `RepeatsSafely` and `Edits`, and `TellsBrowsers` where a way does.

    A way that does not work rests by itself: its people are deferred, and the other way goes on. Once its rest is over,
    one person tries it before the others.
    """

    name = NAME

    def __init__(self, ways: Sequence[Way], clock: Clock) -> None:
        self._ways = {way.kind: way for way in ways}
        self._browsers = next((way for way in ways if isinstance(way, TellsBrowsers)), None)
        self._health = {way.title: _Health() for way in ways}
        self._clock = clock

    @property
    def tells_browsers(self) -> bool:
        return self._browsers is not None

    @property
    def vouched(self) -> Sequence[Network]:
        return () if self._browsers is None else self._browsers.vouched

    async def browser_key(self) -> str:
        if self._browsers is None:
            raise ValueError("browsers are told nothing")
        return await self._browsers.browser_key()

    def pack(self, _target: Target, records: Sequence[AlertRecord]) -> int:
        """Each person has a message of their own: how many go out at once is no matter of size."""
        return len(records)

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """Shown by way."""
        return {way.title: way.render(target, records) for way in self._ways.values()}

    def units(self, attempt: Attempt) -> int:
        return len(attempt.members)

    def repeats_safely(self, _target: Target) -> bool:
        """A repeat replaces what is shown of the same alert."""
        return True

    async def send(self, attempt: Attempt) -> Report:
        scouts = self._scouts(attempt.members)
        told: dict[int, Report] = {}
        for members in (scouts, [one for one in attempt.members if one not in scouts]):
            reports = await asyncio.gather(*(self._send(replace(attempt, members=(one,))) for one in members))
            told |= {one.delivery.key: report for one, report in zip(members, reports, strict=True)}
        return self._together([told[one.delivery.key] for one in attempt.members])

    async def probe(self) -> bool | None:
        """Ask each way whose provider can be asked: one that does not work is enough."""
        asked = [way.probe() for way in self._ways.values() if isinstance(way, Probes)]
        said = [answer for answer in await asyncio.gather(*asked) if answer is not None]
        return all(said) if said else None

    async def edit(self, message: Message) -> Report:
        """Each message has one member."""
        way = self._way_to(message.members[0])
        if way is None:
            return Report((_NOT_TOLD,))
        return self._together([await self._by(way, lambda: way.edit(message))])

    async def _send(self, attempt: Attempt) -> Report:
        (member,) = attempt.members
        way = self._way_to(member)
        if way is None:
            refused = _NOBODY if member.recipient is None else _NO_WAY
            return Report((refused,), answer=refused.detail)
        return await self._by(way, lambda: way.send(attempt))

    def _way_to(self, member: Member) -> Way | None:
        return None if member.recipient is None else self._ways.get(member.recipient.kind)

    async def _by(self, way: Way, ask: Callable[[], Awaitable[Report]]) -> Report:
        """Ask unless the way rests, and mark what is said of the way as a whole as being about it."""
        health = self._health[way.title]
        left = health.rests_for(self._clock.monotonic())
        if left:
            return Report((replace(health.said, after=timedelta(seconds=left)),), answer=health.said.detail)
        health.breaker = probe(health.breaker, self._clock.monotonic())
        report = await ask()
        said, now = report.outcomes[0], self._clock.monotonic()
        health.breaker = judge(health.breaker, said, now)
        if isinstance(said, Unknown) or (isinstance(said, Deferred) and said.part):
            return report
        if not isinstance(said, Deferred):
            health.until = 0.0
            return report
        health.said = replace(said, part=way.title)
        matters = report.matters
        if said.why in _SHUTTING:
            health.until = now + _pause(said).total_seconds()
        if said.why is Delay.CREDENTIALS:
            matters += (Matter(way.title, said.detail),)
        return replace(report, outcomes=(health.said,), matters=matters)

    def _scouts(self, members: Sequence[Member]) -> Sequence[Member]:
        """One person for each way of which nobody knows whether it works again."""
        found: dict[str, Member] = {}
        for one in members:
            way = self._way_to(one)
            if way is not None and not self._health[way.title].is_well:
                found.setdefault(way.title, one)
        return list(found.values())

    def _together(self, reports: Sequence[Report]) -> Report:
        """One report of all. Where no way is well, what was said of them holds for the lane."""
        outcomes = tuple(report.outcomes[0] for report in reports)
        told = next((each for each in reports if not isinstance(each.outcomes[0], Sent)), reports[0])
        if len(self._health) == 1 or not any(health.is_well for health in self._health.values()):
            outcomes = tuple(map(self._of_all, outcomes))
        matters = tuple(dict.fromkeys(matter for report in reports for matter in report.matters))
        return Report(outcomes, status=told.status, answer=told.answer, matters=matters)

    def _of_all(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Deferred) and outcome.part in self._health:
            return replace(outcome, part="")
        return outcome


def _pause(said: Deferred) -> timedelta:
    usual = CREDENTIALS_WAIT if said.why is Delay.CREDENTIALS else UNNAMED_WAIT
    return max(said.after or usual, UNNAMED_WAIT)
