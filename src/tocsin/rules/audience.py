"""People as far as it decides who is told of what: sets of them combine as numbers, and nobody is looked at."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from tocsin.core.address import AddressKind
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of, slots_of
from tocsin.core.secret import Secret
from tocsin.rules.digest import NO_WISHES, NO_ZONES, DigestRule, DigestWishes, Zones
from tocsin.rules.match import Match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule, quiet_until

_MANY = 64  # answers of a directory that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPolicy:
    """Who is on a list: addresses of these kinds, of everybody with that tag, or of everybody who has none to have.
    `to` are addresses that an operator wrote down; they stand in the directory under the list's name. `contacts` are
    those of people whom a call named, and nobody else. `most` are told of one alert, the next time others. `given`: it
    is there although nobody wrote it down, and a call may say who is on it. `digest`: what of its alerts may wait is
    gathered; None where everything leaves at once.
    """

    kinds: frozenset[AddressKind]
    tag: str | None = None
    to: tuple[Secret, ...] = ()
    contacts: Audience | None = None
    most: int | None = None
    given: bool = False
    digest: DigestRule | None = None

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


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels by one of which some people want to be told: the first that there is for them, the next where that
    one fails. Equal ones are one.
    """

    order: tuple[str, ...]
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWishes:
    """`off`: those who want nothing by this channel."""

    off: Audience = NOBODY
    matches: tuple[Wish, ...] = ()
    digest: DigestWishes = NO_WISHES


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
    ways: tuple[Ways, ...] = ()
    full: Mapping[tuple[str, datetime], Audience] = field(default_factory=dict)
    contacts: Sequence[int] = field(default=(), repr=False)
    zones: Zones = NO_ZONES
    known: dict[Any, Audience] = field(default_factory=dict, repr=False, compare=False)

    def of(self, kinds: Iterable[AddressKind]) -> Audience:
        return united(self.kinds.get(kind, NOBODY) for kind in kinds)

    def shared(self, kinds: frozenset[AddressKind]) -> Audience:
        """Addresses of people who have several of these kinds. Looked for once."""
        if kinds not in self.known:
            slots = list(slots_of(self.of(kinds)))
            owners = Counter(self.contacts[slot] for slot in slots)
            self.known[kinds] = audience_of(slot for slot in slots if owners[self.contacts[slot]] > 1)
        return self.known[kinds]

    @cached_property
    def by_one_way(self) -> Audience:
        """Everybody who wants to be told by one channel alone."""
        return united(ways.audience for ways in self.ways)

    def beside(self, told: Audience, kinds: frozenset[AddressKind]) -> Audience:
        """Addresses of these kinds, whose people want to be told by one channel, and have one of those that are told.
        Mostly asked for the same again.
        """
        told &= self.by_one_way
        if not told:
            return NOBODY
        if (told, kinds) not in self.known:
            if len(self.known) >= _MANY:
                self.known.clear()
            people = {self.contacts[slot] for slot in slots_of(told)}
            others = slots_of(self.of(kinds) & self.by_one_way)
            self.known[told, kinds] = audience_of(slot for slot in others if self.contacts[slot] in people)
        return self.known[told, kinds]

    def with_full(self, added: Mapping[tuple[str, datetime], Audience]) -> "Directory":
        """The same picture, with these who have heard of enough."""
        return replace(
            self, full={**self.full, **{key: self.full.get(key, NOBODY) | who for key, who in added.items()}}
        )

    def full_of(self, channel: str, now: datetime) -> Audience:
        return united(who for (name, until), who in self.full.items() if name == channel and now < until)


NO_PEOPLE = Directory()


def reachable(directory: Directory, target: Target, policy: ListPolicy, now: datetime) -> Audience:
    """Those of a list who can be told at this moment, as far as no alert decides it: whoever has paused, sleeps or
    wants nothing by this channel cannot.
    """
    left = members(directory, target, policy)
    left &= directory.willing | directory.written.get(target, NOBODY)
    for unwilling in (
        directory.suppressed,
        united(who for until, who in directory.paused if now < until),
        directory.channels.get(target.channel, ChannelWishes()).off,
        united(sleep.audience for sleep in directory.sleeps if _silences(sleep.rule, now)),
    ):
        left, _ = without(left, unwilling)
    return left


def members(directory: Directory, target: Target, policy: ListPolicy) -> Audience:
    if policy.contacts is not None:
        return policy.contacts & directory.of(policy.kinds)
    written = directory.written.get(target, NOBODY) if policy.to else NOBODY
    if policy.tag is None:
        return written if policy.to else directory.of(policy.kinds)
    return (directory.tags.get(policy.tag, NOBODY) & directory.of(policy.kinds)) | written


def without(left: Audience, unwilling: Audience) -> tuple[Audience, int]:
    """Who is left, and how many are not. (Complements of large numbers cost several times what these do.)"""
    gone = left & unwilling
    return (left ^ gone, gone.bit_count()) if gone else (left, 0)


def united(audiences: Iterable[Audience]) -> Audience:
    everybody = NOBODY
    for audience in audiences:
        everybody |= audience
    return everybody


def _silences(rule: QuietRule, now: datetime) -> bool:
    return rule.do in (QuietAction.HOLD, QuietAction.DROP) and end_of(rule.hours, now) is not None


def end_of(hours: QuietHours, now: datetime) -> datetime | None:
    """As `quiet_until`, and looked up once a minute: most hours begin and end with one."""
    if hours.start.second or hours.end.second or hours.start.microsecond or hours.end.microsecond:
        return quiet_until(hours, now)
    return _end_in_minute(hours, now.replace(second=0, microsecond=0))


_end_in_minute = lru_cache(maxsize=1024)(quiet_until)
