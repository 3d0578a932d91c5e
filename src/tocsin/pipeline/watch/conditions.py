"""Knows what operators should know of now, and what each was told. The ledger is the truth; this is its copy."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.condition import Condition, Notice, Phase, What
from tocsin.core.delivery import Target
from tocsin.core.errors import LedgerError
from tocsin.core.facts import ConditionBegan, ConditionOver, Emit, Fact, MonitorLost, TargetDisabled
from tocsin.ledger.contract import Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.rules.changes import Change, change
from tocsin.rules.conditions import KINDS, notice

CALM_S = 600.0  # what came back within this time of its end is told to be over once it stayed away for as long
OUTDATED = timedelta(days=1)  # nobody has to be told any more that something is over for so long

Key = tuple[What, str]


class Conditions:
    """Spans are measured on the monotonic clock, and from our own start on.

    Of nodes that share a ledger the one that has seen a condition keeps it; the others know of it, and tell of it whom
    they reach. What a dead one kept one of them takes over: it lasts where that one sees it, too.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        lanes: Lanes,
        targets: Targets,
        monitors: Monitors,
        active: Active,
        ownership: Ownership,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._ownership = ownership
        self._operations = ledger.operations
        self._lanes = lanes
        self._targets = targets
        self._monitors = monitors
        self._active = active
        self._clock = clock
        self._emit = emit
        self._known: dict[Key, Condition] = {}
        self._changed: set[Key] = set()
        self._told: dict[Key, dict[Target, Phase]] = {}  # and not written yet
        self._over_at: dict[Key, float] = {}  # unless it is heard of again before
        self._ended: dict[Key, float] = {}
        self._restless: set[Key] = set()
        # What can be asked is asked: a condition of these kinds lasts as long as this says so.
        self._lasts: Mapping[What, Callable[[str], bool]] = {
            What.TARGET_DISABLED: self._is_disabled,
            What.LANE_FAILING: lambda lane: lane in lanes.broken(),
            What.CREDENTIALS_REFUSED: lambda lane: lane in lanes,
            What.OBJECTIVE_MISSED: lambda channel: channel in {target.channel for target in self._configured()},
            What.SPEND_CAP: lanes.spent_up,
            What.MONITOR_LOST: monitors.is_lost,
            What.LEDGER_GONE: lambda _: bool(ledger.gone),
        }

    async def start(self) -> None:
        """Read what was open when the last process ended, and find what has begun since without being written."""
        for row in await self._operations.conditions():
            self._recall(row)
        self._take_over()
        for rest in await self._targets.rows():
            if self._is_disabled(str(rest.target)):
                self.hear(TargetDisabled(rest.target, rest.why, rest.detail))
        for monitor in self._monitors.listed():
            if monitor.lost_at is not None:
                self.hear(MonitorLost(monitor))

    async def stop(self) -> None:
        with contextlib.suppress(LedgerError):  # what is not written is told once more
            await self.keep()

    def hear(self, fact: Fact) -> None:
        news = change(fact)
        if news is None:
            return
        if news.phase is Phase.BEGAN:
            self._begin(news)
        else:
            self._end((news.what, news.about))

    async def look(self) -> None:
        """Find what has begun or ended without a word, and write down what has changed."""
        self._take_over()
        for lane in self._lanes.broken():
            if not self._is_open((What.LANE_FAILING, lane)):
                self._begin(Change(Phase.BEGAN, What.LANE_FAILING, lane))
        for key in [key for key in self._known if self._is_mine(key) and not self._still(key)]:
            self._end(key)
        self._calm_down()
        self._forget()
        await self.keep()

    async def refresh(self) -> None:
        """Read what other nodes have seen, told and ended. Raises LedgerError."""
        if self._ownership.node is None:
            return
        rows = {(row.what, row.about): row for row in await self._operations.conditions()}
        for key in [key for key in self._known if key not in rows and key not in self._changed]:
            del self._known[key]
        for key, row in rows.items():
            told = {**row.told, **self._told.get(key, {})}
            mine = self._known.get(key) if key in self._changed or row.node == self._ownership.node else None
            self._known[key] = replace(mine or row, told=told)

    def listed(self) -> Sequence[Notice]:
        """The conditions that last, in the order they began."""
        lasting = [condition for condition in self._known.values() if condition.phase is Phase.BEGAN]
        return [notice(condition) for condition in sorted(lasting, key=lambda condition: condition.began_at)]

    def counted(self) -> Mapping[str, float]:
        counts = Counter(what for (what, _), condition in self._known.items() if condition.phase is Phase.BEGAN)
        return {what.value: counts[what] for what in What}

    def untold(self, target: Target) -> Sequence[Condition]:
        """The conditions that this target is to be told: that it began, or that it is over where it knows that it
        began.
        """
        return [condition for key, condition in self._known.items() if self._is_news(key, condition, target)]

    def note_told(self, target: Target, conditions: Iterable[Condition]) -> None:
        """As they stood when they were told; what changed meanwhile is told next."""
        for condition in conditions:
            key = (condition.what, condition.about)
            known = self._known.get(key)
            now = known or replace(condition, over_at=self._clock.now(), node=self._ownership.node)
            self._known[key] = replace(now, told={**now.told, target: condition.phase})
            self._told.setdefault(key, {})[target] = condition.phase
            if known is None:
                self._changed.add(key)

    async def keep(self) -> None:
        """Write down what has changed. Raises LedgerError; it is offered again then."""
        for key in tuple(self._changed):
            self._changed.discard(key)
            try:
                await self._write(key)
            except LedgerError:
                self._changed.add(key)
                raise
        for key, told in tuple(self._told.items()):
            await self._operations.tell_condition(*key, told)
            if self._told.get(key) == told:
                del self._told[key]

    async def _write(self, key: Key) -> None:
        condition = self._known.get(key)
        if condition is None:
            await self._operations.forget_condition(*key)
        else:
            await self._operations.keep_condition(condition)

    def _recall(self, row: Condition) -> None:
        key = (row.what, row.about)
        begun = self._known.get(key)
        self._known[key] = row if begun is None else replace(begun, told=row.told)
        if begun is None and self._is_mine(key):
            self._believe(key)

    def _take_over(self) -> None:
        """What nobody keeps any more: one that is alive, the same for all who see the same nodes, looks after it."""
        me, living = self._ownership.node, self._ownership.living()
        if me is None or me != min(living, default=me):
            return
        for key, row in tuple(self._known.items()):
            if row.node not in living and row.node != me:
                self._put(replace(row, node=me))
                self._believe(key)

    def _believe(self, key: Key) -> None:
        """What nothing confirms lasts for a while only."""
        believed = KINDS[key[0]].believed
        if believed is not None:
            self._over_at[key] = self._clock.monotonic() + believed.total_seconds()

    def _is_mine(self, key: Key) -> bool:
        return self._ownership.node in (None, self._known[key].node)

    def _begin(self, news: Change) -> None:
        key = (news.what, news.about)
        self._expect(key)
        if self._is_open(key):
            if self._is_mine(key):
                self._learn(key, news.detail)
            return
        if key in self._ended:
            self._restless.add(key)
        heard = self._known[key].told if key in self._known else {}
        begun = Condition(
            what=news.what,
            about=news.about,
            began_at=self._clock.now(),
            detail=news.detail,
            told=heard,
            node=self._ownership.node,
        )
        self._put(begun)
        self._emit(ConditionBegan(notice(begun)))

    def _expect(self, key: Key) -> None:
        """Some are over once nothing is heard of them any more."""
        quiet = KINDS[key[0]].quiet
        self._over_at.pop(key, None)
        if quiet is not None:
            self._over_at[key] = self._clock.monotonic() + quiet.total_seconds()

    def _learn(self, key: Key, detail: str) -> None:
        known = self._known[key]
        if detail and detail != known.detail:
            self._put(replace(known, detail=detail))

    def _end(self, key: Key) -> None:
        if not self._is_open(key) or not self._is_mine(key):
            return
        over = replace(self._known[key], over_at=self._clock.now())
        self._over_at.pop(key, None)
        self._ended[key] = self._clock.monotonic()
        self._put(over)
        self._emit(ConditionOver(notice(over)))

    def _put(self, condition: Condition) -> None:
        key = (condition.what, condition.about)
        self._known[key] = condition
        self._changed.add(key)

    def _still(self, key: Key) -> bool:
        if self._clock.monotonic() >= self._over_at.get(key, float("inf")):
            return False
        lasts = self._lasts.get(key[0])
        return lasts is None or lasts(key[1])

    def _calm_down(self) -> None:
        calm = [key for key, at in self._ended.items() if self._clock.monotonic() - at >= CALM_S]
        for key in calm:
            del self._ended[key]
            self._restless.discard(key)

    def _forget(self) -> None:
        """Forget what is over, where nobody is left who should hear of that."""
        for key, condition in tuple(self._known.items()):
            if condition.over_at is not None and self._is_mine(key) and not self._is_awaited(condition):
                del self._known[key]
                self._changed.add(key)

    def _is_awaited(self, over: Condition) -> bool:
        waiting = any(over.told.get(target) is Phase.BEGAN for target in self._active.rulebook.operators)
        fresh = over.over_at is not None and self._clock.now() - over.over_at < OUTDATED
        return waiting and fresh and bool(KINDS[over.what].over)

    def _is_news(self, key: Key, condition: Condition, target: Target) -> bool:
        last = condition.told.get(target)
        if condition.phase is Phase.BEGAN:
            return last is not Phase.BEGAN
        return last is Phase.BEGAN and bool(KINDS[condition.what].over) and key not in self._restless

    def _is_open(self, key: Key) -> bool:
        return key in self._known and self._known[key].phase is Phase.BEGAN

    def _is_disabled(self, name: str) -> bool:
        policy_of = self._active.rulebook.routing.policy_of
        return any(str(target) == name and policy_of(target) is not None for target in self._targets.disabled)

    def _configured(self) -> Mapping[Target, object]:
        return self._active.rulebook.routing.targets
