"""Who of a list is told of an alert, decided without a look at a single contact: sets of people combine as numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from tocsin.core.address import AddressKind
from tocsin.core.alert import Alert
from tocsin.core.decision import Chosen, Hold, LeftOut, Reserve
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of, first_of, slots_of
from tocsin.core.secret import Secret
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule, quiet_until, told_held


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPolicy:
    """Who is on a list: addresses of these kinds, of everybody with that tag, or of everybody who has none to have.
    `to` are addresses that an operator wrote down; they stand in the directory under the list's name. `contacts` are
    those of people whom a call named, and nobody else. `most` are told of one alert, the next time others. `given`: it
    is there although nobody wrote it down, and a call may say who is on it.
    """

    kinds: frozenset[AddressKind]
    tag: str | None = None
    to: tuple[Secret, ...] = ()
    contacts: Audience | None = None
    most: int | None = None
    given: bool = False

    def kept_as(self, kept: "KeptList") -> "ListPolicy":
        """Who is on a list that a call keeps, on the channel that this one is given on."""
        most = self.most if kept.most is None else kept.most
        return replace(self, tag=kept.tag, contacts=kept.contacts, most=most, given=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """A list as a call keeps it: everybody with `tag`, or all addresses of `contacts`. No `most`: the channel's."""

    tag: str | None = None
    contacts: Audience | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What some people want to hear, or not to hear any more (until then, where that is said). Equal ones are one."""

    match: Match
    audience: Audience
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """The quiet hours of some people. Equal ones are one."""

    rule: QuietRule
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWishes:
    """`off`: those who want nothing by this channel."""

    off: Audience = NOBODY
    matches: tuple[Wish, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A picture of all people, as far as it decides who is told: nothing in it tells who they are. Never changed; the
    ledger refuses what was decided by one whose `version` is old.

    `kinds` and `tags` have everybody of a kind of address and with a tag, `written` the addresses that operators wrote
    down for a list, `lists` the lists that calls keep. `willing` are those who may be told: active, and with their
    consent. `full` are those of a channel who have heard of enough until then, as far as that was noticed since it was
    made. `contacts` has at each slot whose it is, 0 where it is nobody's any more.
    """

    version: int = 0
    kinds: Mapping[AddressKind, Audience] = field(default_factory=dict)
    tags: Mapping[str, Audience] = field(default_factory=dict)
    written: Mapping[Target, Audience] = field(default_factory=dict)
    lists: Mapping[Target, KeptList] = field(default_factory=dict)
    suppressed: Audience = NOBODY
    willing: Audience = NOBODY
    paused: tuple[tuple[datetime, Audience], ...] = ()
    muted: tuple[Wish, ...] = ()
    matches: tuple[Wish, ...] = ()
    channels: Mapping[str, ChannelWishes] = field(default_factory=dict)
    sleeps: tuple[Sleep, ...] = ()
    full: Mapping[tuple[str, datetime], Audience] = field(default_factory=dict)
    contacts: Sequence[int] = field(default=(), repr=False)
    known: dict[frozenset[AddressKind], Audience] = field(default_factory=dict, repr=False, compare=False)

    def of(self, kinds: Iterable[AddressKind]) -> Audience:
        return _united(self.kinds.get(kind, NOBODY) for kind in kinds)

    def shared(self, kinds: frozenset[AddressKind]) -> Audience:
        """Addresses of people who have several of these kinds. Looked for once."""
        if kinds not in self.known:
            slots = list(slots_of(self.of(kinds)))
            owners = Counter(self.contacts[slot] for slot in slots)
            self.known[kinds] = audience_of(slot for slot in slots if owners[self.contacts[slot]] > 1)
        return self.known[kinds]

    def with_full(self, added: Mapping[tuple[str, datetime], Audience]) -> "Directory":
        """The same picture, with these who have heard of enough."""
        return replace(
            self, full={**self.full, **{key: self.full.get(key, NOBODY) | who for key, who in added.items()}}
        )

    def full_of(self, channel: str, now: datetime) -> Audience:
        return _united(who for (name, until), who in self.full.items() if name == channel and now < until)


NO_PEOPLE = Directory()


def reachable(directory: Directory, target: Target, policy: ListPolicy, now: datetime) -> Audience:
    """Those of a list who can be told at this moment, as far as no alert decides it: whoever has paused, sleeps or
    wants nothing by this channel cannot.
    """
    left = _members(directory, target, policy)
    left &= directory.willing | directory.written.get(target, NOBODY)
    for unwilling in (
        directory.suppressed,
        _united(who for until, who in directory.paused if now < until),
        directory.channels.get(target.channel, ChannelWishes()).off,
        _united(sleep.audience for sleep in directory.sleeps if _silences(sleep.rule, now)),
    ):
        left, _ = _without(left, unwilling)
    return left


class Choice:
    """Who is told of one alert. Asked for one list after the other in the order of the routes: whoever is chosen once
    is told by no other list of the same channel.
    """

    def __init__(self, directory: Directory, alert: Alert, catalog: Catalog, now: datetime) -> None:
        self._directory = directory
        self._alert = alert
        self._catalog = catalog
        self._now = now
        self._taken: dict[str, list[Audience]] = defaultdict(list)
        self._unwilling: dict[tuple[str, bool], Sequence[tuple[LeftOut, Audience]]] = {}

    def of(self, target: Target, policy: ListPolicy, *, critical: bool = False) -> Chosen:
        """Those of the list who are told, with the others counted by the reason why not. What is `critical` wakes them,
        and passes their mutes.
        """
        chosen = self._chosen(target, policy, policy.most, critical=critical)
        self._taken[target.channel].append(chosen.everybody)
        return chosen

    def in_reserve(self, target: Target, policy: ListPolicy, *, critical: bool = False) -> Reserve:
        """Those who may be told by this list where another way fails. Nobody is left out for their number yet."""
        return Reserve(self._chosen(target, policy, None, critical=critical).everybody, policy.most)

    def _chosen(self, target: Target, policy: ListPolicy, most: int | None, *, critical: bool) -> Chosen:
        directory, counts = self._directory, dict[LeftOut, int]()
        left, counts[LeftOut.SUPPRESSED] = _without(_members(directory, target, policy), directory.suppressed)
        # What operators wrote down has consented by that.
        willing = left & (directory.willing | directory.written.get(target, NOBODY))
        left, counts[LeftOut.CONSENT] = willing, (left ^ willing).bit_count()
        for reason, unwilling in self._wishes(target.channel, critical=critical):
            left, counts[reason] = _without(left, unwilling)
        holds: list[tuple[datetime, str, Audience]] = []
        if not critical:
            left, holds, counts[LeftOut.QUIET] = self._sleeping(left)
        left, counts[LeftOut.OTHER_LIST] = _without(left, self._told(target.channel, policy, left))
        if most is not None and (many := left.bit_count()) > most:
            left, counts[LeftOut.MAX_RECIPIENTS] = _in_turn(left, most, self._alert), many - most
        held = tuple(Hold(until, told, who & left) for until, told, who in holds if who & left)
        for hold in held:
            left ^= hold.audience
        return Chosen(now=left, held=held, left_out={reason: many for reason, many in counts.items() if many})

    def _wishes(self, channel: str, *, critical: bool) -> Sequence[tuple[LeftOut, Audience]]:
        """The same for every list of a channel."""
        if (channel, critical) not in self._unwilling:
            directory, wishes = self._directory, self._directory.channels.get(channel, ChannelWishes())
            muted = () if critical else (wish.audience for wish in directory.muted if self._holds(wish))
            self._unwilling[channel, critical] = (
                (LeftOut.PAUSED, _united(who for until, who in directory.paused if self._now < until)),
                (LeftOut.MUTED, _united(muted)),
                (LeftOut.MATCH, self._elsewhere(directory.matches)),
                (LeftOut.CHANNEL, wishes.off | self._elsewhere(wishes.matches)),
                (LeftOut.PER_DAY, directory.full_of(channel, self._now)),
            )
        return self._unwilling[channel, critical]

    def _holds(self, wish: Wish) -> bool:
        return (wish.until is None or self._now < wish.until) and wish.match.admits(self._alert, self._catalog)

    def _elsewhere(self, wishes: Iterable[Wish]) -> Audience:
        """Those who want to hear of other alerts."""
        return _united(wish.audience for wish in wishes if not wish.match.admits(self._alert, self._catalog))

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
        return _end_of(rule.hours, self._now)

    def _told(self, channel: str, policy: ListPolicy, left: Audience) -> Audience:
        """Of these, those who are told on that channel already, by whichever of their addresses."""
        told = _united(self._taken[channel])
        if not told or not left:
            return NOBODY
        directory = self._directory
        shared = directory.shared(policy.kinds)
        people = {directory.contacts[slot] for slot in slots_of(told & shared)}
        again = left & told
        others = slots_of((left ^ again) & shared) if people else ()
        return again | audience_of(slot for slot in others if directory.contacts[slot] in people)


def _members(directory: Directory, target: Target, policy: ListPolicy) -> Audience:
    if policy.contacts is not None:
        return policy.contacts & directory.of(policy.kinds)
    written = directory.written.get(target, NOBODY) if policy.to else NOBODY
    if policy.tag is None:
        return written if policy.to else directory.of(policy.kinds)
    return (directory.tags.get(policy.tag, NOBODY) & directory.of(policy.kinds)) | written


def _without(left: Audience, unwilling: Audience) -> tuple[Audience, int]:
    """Who is left, and how many are not. (Complements of large numbers cost several times what these do.)"""
    gone = left & unwilling
    return (left ^ gone, gone.bit_count()) if gone else (left, 0)


def _united(audiences: Iterable[Audience]) -> Audience:
    everybody = NOBODY
    for audience in audiences:
        everybody |= audience
    return everybody


def _in_turn(audience: Audience, most: int, alert: Alert) -> Audience:
    """So many of them that follow each other, wherever the alert's own name says: nobody is always the first."""
    before = first_of(audience, alert.id.int % audience.bit_count())
    told = first_of(audience ^ before, most)
    return told | first_of(before, most - told.bit_count())


def _silences(rule: QuietRule, now: datetime) -> bool:
    return rule.do in (QuietAction.HOLD, QuietAction.DROP) and _end_of(rule.hours, now) is not None


def _end_of(hours: QuietHours, now: datetime) -> datetime | None:
    """As `quiet_until`, and looked up once a minute: most hours begin and end with one."""
    if hours.start.second or hours.end.second or hours.start.microsecond or hours.end.microsecond:
        return quiet_until(hours, now)
    return _end_in_minute(hours, now.replace(second=0, microsecond=0))


_end_in_minute = lru_cache(maxsize=1024)(quiet_until)
