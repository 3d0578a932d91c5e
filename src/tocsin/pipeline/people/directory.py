"""The directory is held in memory, and read anew when the ledger has a newer one."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of
from tocsin.ledger.contract import Full
from tocsin.ledger.contract.people import ListRow, People, Picture
from tocsin.pipeline.people.hearing import written_value
from tocsin.rules.audience import NO_PEOPLE, ChannelWishes, Directory, KeptList, ListPolicy, Sleep, Ways, Wish
from tocsin.rules.consent import standing_after
from tocsin.rules.digest import DigestWishes, Zones
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.preferences import CHANNELS, Preferences, kept_preferences

T = TypeVar("T")
Wanted = Iterable[tuple[Preferences, str | None, Audience]]
"""What is preferred, the zone that holds, and by which addresses."""

UTC = ZoneInfo("UTC")
NO_LISTS: Mapping[Target, Audience] = {}


class Directories:
    """The directory as it was read last; whoever is told that it is old has it read again."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._reading = asyncio.Lock()
        self._written: Mapping[Target, Audience] = {}
        self._zone = UTC
        self.current = NO_PEOPLE

    async def write_down(self, lists: Mapping[Target, ListPolicy], zone: ZoneInfo = UTC) -> None:
        """Give what operators have written into these lists its slots; at each start and reload. `zone` is of people
        of whom none is known. Raises LedgerError, and PeopleKeyError where people cannot be kept.
        """
        self._zone = zone
        values = {target: [written_value(each) for each in policy.to] for target, policy in lists.items() if policy.to}
        every = {each.compared: each for told in values.values() for each in told}
        if not every and await self._people.directory_version() == 0:
            return  # nobody is kept, nor ever was
        slots = await self._people.write_down(tuple(every.values()), standing_after)
        slot_of = dict(zip(every, slots, strict=True))
        async with self._reading:
            self._written = {
                target: audience_of(slot_of[each.compared] for each in told) for target, told in values.items()
            }
            self.current = NO_PEOPLE

    async def newest(self) -> Directory:
        """Look whether there is a newer one, for whoever only asks: an append is told so by the ledger itself."""
        known = self.current
        if known.version != await self.version():
            await self.replace(known)
        return self.current

    async def version(self) -> int:
        """Of the newest one that there is."""
        return await self._people.directory_version()

    def note_full(self, full: Iterable[Full]) -> None:
        """A claim has found these to have heard of enough today: lists with a bound choose others from now on. A newer
        directory forgets them, and claims find them again.
        """
        added: defaultdict[tuple[str, datetime], Audience] = defaultdict(int)
        for one in full:
            added[one.channel, one.until] |= 1 << one.slot
        if added:
            self.current = self.current.with_full(added)

    async def replace(self, old: Directory) -> None:
        """Read a newer one than that, unless somebody else has just done so."""
        async with self._reading:
            if self.current.version == old.version:
                picture = await self._people.picture()
                self.current = await asyncio.to_thread(directory_of, picture, self._written, self._zone)


def directory_of(
    picture: Picture, written: Mapping[Target, Audience] = NO_LISTS, zone_of_others: ZoneInfo = UTC
) -> Directory:
    """Sort people by what they want: those who want the same are one set. `written` are those of lists whom operators
    wrote down, `zone_of_others` is where people live of whom nobody knows it.
    """
    every = [(kept_preferences(body), zone, audience) for (body, zone), audience in picture.wishes.items()]
    return Directory(
        version=picture.version,
        kinds=picture.kinds,
        tags=picture.tags,
        suppressed=picture.suppressed,
        willing=picture.willing,
        paused=picture.paused,
        muted=_muted(every),
        matches=_matches((one.match, audience) for one, _, audience in every),
        channels={name: _channel(name, every) for name in CHANNELS},
        sleeps=_sleeps(every, zone_of_others),
        ways=_ways(every),
        contacts=picture.contacts,
        zones=Zones(known=picture.zones, usual=zone_of_others),
        written=written,
        lists={Target(row.channel, row.name): _kept(row, named) for row, named in picture.lists},
    )


def _kept(row: ListRow, named: Audience) -> KeptList:
    return KeptList(tag=row.tag, contacts=None if row.tag else named, most=row.max_recipients)


def _muted(every: Wanted) -> tuple[Wish, ...]:
    mutes = _united(((mute.match, mute.until), audience) for one, _, audience in every for mute in one.mute)
    return tuple(Wish(match, audience, until) for (match, until), audience in mutes.items())


def _matches(wanted: Iterable[tuple[Match, Audience]]) -> tuple[Wish, ...]:
    return tuple(Wish(match, audience) for match, audience in _united(wanted).items() if match != EVERYTHING)


def _channel(name: str, every: Wanted) -> ChannelWishes:
    off = _united((one.by(name).on, audience) for one, _, audience in every).get(False, NOBODY)
    digests = _united((one.by(name).digest, audience) for one, _, audience in every)
    return ChannelWishes(
        off=off,
        matches=_matches((one.by(name).match, audience) for one, _, audience in every),
        digest=DigestWishes(daily=digests.get("daily", NOBODY), never=digests.get("never", NOBODY)),
    )


def _sleeps(every: Wanted, zone_of_others: ZoneInfo) -> tuple[Sleep, ...]:
    quiet = _united(
        (one.quiet.rule(ZoneInfo(zone) if zone else zone_of_others), audience)
        for one, zone, audience in every
        if one.quiet is not None
    )
    return tuple(Sleep(rule, audience) for rule, audience in quiet.items())


def _ways(every: Wanted) -> tuple[Ways, ...]:
    ways = _united((one.ways, audience) for one, _, audience in every if one.ways)
    return tuple(Ways(order, audience) for order, audience in ways.items())


def _united(those: Iterable[tuple[T, Audience]]) -> Mapping[T, Audience]:
    united: defaultdict[T, Audience] = defaultdict(int)
    for key, audience in those:
        united[key] |= audience
    return united
