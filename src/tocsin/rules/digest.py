"""A digest is one mail a day with what a person has gathered since the last: what is not urgent, or all that may wait,
for whoever wants it so. What is of the high band never waits for one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tocsin.core.alert import FLOOR, Band
from tocsin.core.decision import Hold
from tocsin.core.recipients import NOBODY, Audience

USUAL_HOUR = time(8)
LIFE = timedelta(hours=12)  # how long a digest is worth sending once its hour has come


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRule:
    """Alerts of bands `below` that one are gathered for everybody on a list. They leave `at` that hour in each person's
    own zone; where nobody knows it in `zone`, and without one where people live of whom nothing is known.
    """

    at: time = USUAL_HOUR
    zone: ZoneInfo | None = None
    below: Band = Band.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWishes:
    """`daily`: those who want a digest of all that may wait. `never`: those who want everything at once."""

    daily: Audience = NOBODY
    never: Audience = NOBODY


NO_WISHES = DigestWishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Where people live: `known` by the names of zones, the others in `usual`."""

    known: Mapping[str, Audience] = field(default_factory=dict)
    usual: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def parted(self, audience: Audience, others: ZoneInfo | None) -> Iterator[tuple[ZoneInfo, Audience]]:
        """Part an audience by zone; `others` is where those are of whom none is known."""
        for name, living in self.known.items():
            if part := audience & living:
                audience ^= part
                yield ZoneInfo(name), part
        if audience:
            yield others or self.usual, audience


NO_ZONES = Zones()


@dataclass(frozen=True, slots=True)
class Gathering:
    """How a list gathers: its rule, what its people want, and where they live."""

    rule: DigestRule
    wishes: DigestWishes
    zones: Zones

    def holds(self, audience: Audience, band: Band, now: datetime) -> tuple[Hold, ...]:
        """Who of an audience waits for a digest with an alert of that band, and until when: nobody is in two."""
        by_hour: defaultdict[datetime, Audience] = defaultdict(int)
        for zone, part in self.zones.parted(self._waiting(audience, band), self.rule.zone):
            by_hour[next_hour(self.rule.at, zone, now)] |= part
        told = f"waits for the digest of {self.rule.at:%H:%M}"
        return tuple(Hold(until, told, part, LIFE) for until, part in sorted(by_hour.items()))

    def _waiting(self, audience: Audience, band: Band) -> Audience:
        if band is Band.HIGH:
            return NOBODY
        everybody = FLOOR[band] < FLOOR[self.rule.below]
        waiting = audience if everybody else audience & self.wishes.daily
        return waiting ^ (waiting & self.wishes.never)


def next_hour(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The next instant (UTC) after `now` at which clocks there show that time of day, in whole minutes.

    Once a day, whatever the clocks do: of an hour that comes twice the first counts, and one that is skipped comes as
    much later as the clocks were put forward.
    """
    return _next_in_minute(at, zone, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _next_in_minute(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    coming = (_instant(today + timedelta(days=days), at, zone) for days in range(3))
    return next(moment for moment in coming if moment > now)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
