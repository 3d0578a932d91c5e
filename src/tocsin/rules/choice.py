"""Who of a list is told of an alert, decided without a look at a single contact."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.alert import Alert
from tocsin.core.decision import Chosen, Hold, LeftOut, Reserve
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of, first_of, slots_of
from tocsin.rules.audience import (
    ChannelWishes,
    Directory,
    ListPolicy,
    Wish,
    end_of,
    members,
    united,
    without,
)
from tocsin.rules.catalog import Catalog
from tocsin.rules.digest import Gathering
from tocsin.rules.quiet import QuietAction, QuietRule, told_held

NO_TARGETS: frozenset[Target] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A list that is to hear of the alert. What is `critical` wakes its people, and passes their mutes."""

    policy: ListPolicy
    critical: bool = False


@dataclass(slots=True)
class _Candidates:
    """Those of a list who want to hear of the alert: `left`, the sleepers among them in `holds`. `told` have a place,
    `seen` were considered for one.
    """

    asked: Asked
    left: Audience
    holds: Sequence[tuple[datetime, str, Audience]]
    counts: dict[LeftOut, int]
    told: Audience = NOBODY
    seen: Audience = NOBODY
    kept: Audience = NOBODY  # told by another channel, and by this one where that fails


@dataclass(slots=True)
class Choice:
    """Who is told of one alert, by lists in the order of the routes: whoever is told by one is told by no other list of
    the same channel. Who wants to be told by one channel alone is told by the first of theirs where there is a place
    for them, and stands in reserve for the others.
    """

    _directory: Directory
    _alert: Alert
    _catalog: Catalog
    _now: datetime
    _taken: defaultdict[str, list[Audience]] = field(default_factory=lambda: defaultdict(list))
    _by_one_way: defaultdict[str, Audience] = field(default_factory=lambda: defaultdict(int))  # told, by channel
    _unwilling: dict[tuple[str, bool], Sequence[tuple[LeftOut, Audience]]] = field(default_factory=dict)

    def of(self, target: Target, policy: ListPolicy, *, critical: bool = False) -> Chosen:
        """Those of the list who are told, with the others counted by the reason why not."""
        return self.among({target: Asked(policy, critical)})[target]

    def among(self, lists: Mapping[Target, Asked], unable: Collection[Target] = NO_TARGETS) -> dict[Target, Chosen]:
        """The same of several lists, in their order. One that is `unable` to tell is nobody's only way."""
        found = {target: self._candidates(target, asked) for target, asked in lists.items()}
        able = {target: one for target, one in found.items() if target not in unable}
        for turn in range(max((len(ways.order) for ways in self._directory.ways), default=1)):
            for target, one in able.items():
                self._seat(target, one, self._whose_turn(target.channel, turn), others=turn == 0)
        for target, one in found.items():
            if target not in able:
                self._seat(target, one, self._directory.by_one_way, others=True)
            self._keep_back(one)
        return {target: self._chosen(one, self._gathered(target.channel, one)) for target, one in found.items()}

    def in_reserve(self, target: Target, policy: ListPolicy, *, critical: bool = False) -> Reserve:
        """Those who may be told by this list where another way fails, who are awake: nobody is woken by a fallback.
        Nobody is left out for their number yet.
        """
        one = self._candidates(target, Asked(policy, critical))
        self._place(target, one, one.left, None)
        return Reserve(self._chosen(one).now, policy.most)

    def next_ways(
        self, told: Audience, channel: str, lists: Mapping[Target, ListPolicy], reserves: Mapping[Target, Audience]
    ) -> list[tuple[Audience, tuple[Target, ...]]]:
        """Parts of those who are told by a channel, each with the lists that tell them where it fails."""
        found = []
        for ways in self._directory.ways:
            part = told & ways.audience
            if not part or channel not in ways.order:
                continue
            targets = tuple(
                target
                for each in ways.order[ways.order.index(channel) + 1 :]
                for target, policy in lists.items()
                if target.channel == each and self._directory.beside(part, policy.kinds) & reserves[target]
            )
            if targets:
                found.append((part, targets))
        return found

    def _candidates(self, target: Target, asked: Asked) -> _Candidates:
        directory, counts = self._directory, dict[LeftOut, int]()
        left, counts[LeftOut.SUPPRESSED] = without(members(directory, target, asked.policy), directory.suppressed)
        # What operators wrote down has consented by that.
        willing = left & (directory.willing | directory.written.get(target, NOBODY))
        left, counts[LeftOut.CONSENT] = willing, (left ^ willing).bit_count()
        for reason, unwilling in self._wishes(target.channel, critical=asked.critical):
            left, counts[reason] = without(left, unwilling)
        holds: list[tuple[datetime, str, Audience]] = []
        if not asked.critical:
            left, holds, counts[LeftOut.QUIET] = self._sleeping(left)
        return _Candidates(asked, left, holds, counts)

    def _seat(self, target: Target, one: _Candidates, turn: Audience, *, others: bool) -> None:
        """Those whose turn it is, but for who is told by another channel already; and all `others`, who want to be told
        by every channel.
        """
        mine = one.left & turn
        elsewhere = united(who for channel, who in self._by_one_way.items() if channel != target.channel)
        mine, _ = without(mine, self._directory.beside(elsewhere, one.asked.policy.kinds)) if mine else (mine, 0)
        free = without(one.left, self._directory.by_one_way)[0] if others else NOBODY
        told = self._place(target, one, mine | free, one.asked.policy.most)
        self._taken[target.channel].append(told)
        self._by_one_way[target.channel] |= told & mine

    def _place(self, target: Target, one: _Candidates, those: Audience, most: int | None) -> Audience:
        """Give a place to as many of these as the list may tell."""
        one.seen |= those
        left, again = without(those, self._told(target.channel, one.asked.policy, those))
        one.counts[LeftOut.OTHER_LIST] = one.counts.get(LeftOut.OTHER_LIST, 0) + again
        room = None if most is None else most - one.told.bit_count()
        if room is not None and (many := left.bit_count()) > room:
            left = _in_turn(left, room, self._alert)
            one.counts[LeftOut.MAX_RECIPIENTS] = one.counts.get(LeftOut.MAX_RECIPIENTS, 0) + many - room
        one.told |= left
        return left

    def _keep_back(self, one: _Candidates) -> None:
        one.kept, _ = without(one.left, one.seen)
        one.counts[LeftOut.OTHER_CHANNEL] = one.kept.bit_count()

    def _gathered(self, channel: str, one: _Candidates) -> tuple[Hold, ...]:
        """What waits for a digest waits for no end of the night besides: its hour was chosen."""
        rule = one.asked.policy.digest
        if rule is None or one.asked.critical:
            return ()
        wishes = self._directory.channels.get(channel, ChannelWishes()).digest
        return Gathering(rule, wishes, self._directory.zones).holds(one.told, self._alert.band, self._now)

    def _chosen(self, one: _Candidates, gathered: tuple[Hold, ...] = ()) -> Chosen:
        told = one.told
        for hold in gathered:
            told ^= hold.audience
        asleep = tuple(Hold(until, words, who & told) for until, words, who in one.holds if who & told)
        for hold in asleep:
            told ^= hold.audience
        held = (*gathered, *asleep)
        counts = {reason: many for reason in LeftOut if (many := one.counts.get(reason, 0))}
        reserve = Reserve(one.kept, one.asked.policy.most) if one.kept else None
        return Chosen(now=told, held=held, left_out=counts, reserve=reserve)

    def _whose_turn(self, channel: str, turn: int) -> Audience:
        """Those who want to be told by that channel if by none of so many before it."""
        return united(ways.audience for ways in self._directory.ways if ways.order[turn : turn + 1] == (channel,))

    def _wishes(self, channel: str, *, critical: bool) -> Sequence[tuple[LeftOut, Audience]]:
        """The same for every list of a channel."""
        if (channel, critical) not in self._unwilling:
            directory, wishes = self._directory, self._directory.channels.get(channel, ChannelWishes())
            muted = () if critical else (wish.audience for wish in directory.muted if self._holds(wish))
            self._unwilling[channel, critical] = (
                (LeftOut.PAUSED, united(who for until, who in directory.paused if self._now < until)),
                (LeftOut.MUTED, united(muted)),
                (LeftOut.MATCH, self._elsewhere(directory.matches)),
                (LeftOut.CHANNEL, wishes.off | self._elsewhere(wishes.matches)),
                (LeftOut.PER_DAY, directory.full_of(channel, self._now)),
            )
        return self._unwilling[channel, critical]

    def _holds(self, wish: Wish) -> bool:
        return (wish.until is None or self._now < wish.until) and wish.match.admits(self._alert, self._catalog)

    def _elsewhere(self, wishes: Iterable[Wish]) -> Audience:
        """Those who want to hear of other alerts."""
        return united(wish.audience for wish in wishes if not wish.match.admits(self._alert, self._catalog))

    def _sleeping(self, left: Audience) -> tuple[Audience, list[tuple[datetime, str, Audience]], int]:
        """Who is left, who of them waits until when, and how many miss it."""
        holds: list[tuple[datetime, str, Audience]] = []
        missing = 0
        for sleep in self._directory.sleeps:
            asleep = left & sleep.audience
            until = self._quiet_until(sleep.rule) if asleep else None
            if until is None:
                continue
            if sleep.rule.do is QuietAction.DROP:
                left, missing = left ^ asleep, missing + asleep.bit_count()
            elif sleep.rule.do is QuietAction.HOLD:
                holds.append((until, told_held(sleep.rule.hours, until), asleep))
        return left, holds, missing

    def _quiet_until(self, rule: QuietRule) -> datetime | None:
        loud = rule.hours.loud
        if loud is not None and loud.admits(self._alert, self._catalog):
            return None
        return end_of(rule.hours, self._now)

    def _told(self, channel: str, policy: ListPolicy, left: Audience) -> Audience:
        """Of these, those who are told on that channel already, by whichever of their addresses."""
        told = united(self._taken[channel])
        if not told or not left:
            return NOBODY
        directory = self._directory
        shared = directory.shared(policy.kinds)
        people = {directory.contacts[slot] for slot in slots_of(told & shared)}
        again = left & told
        others = slots_of((left ^ again) & shared) if people else ()
        return again | audience_of(slot for slot in others if directory.contacts[slot] in people)


def _in_turn(audience: Audience, most: int, alert: Alert) -> Audience:
    """So many of them that follow each other, wherever the alert's own name says: nobody is always the first."""
    before = first_of(audience, alert.id.int % audience.bit_count())
    told = first_of(audience ^ before, most)
    return told | first_of(before, most - told.bit_count())
