"""What a person wants to hear of, by which ways, and when: read once from what is kept, compared ever after.

`match` is the one vocabulary of `rules.match`. Equal wishes are equal values, so that thousands of people share a few.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.spelling import shown
from tocsin.rules.match import EVERYTHING, Match, parse_match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule

T = TypeVar("T")

CHANNELS = ("sms", "voice", "push", "email")  # those that reach persons
USUAL_ORDER = ("push", "sms", "email", "voice")  # where a person says no other
DIGESTS = ("daily", "never")
QUIETNESS = (QuietAction.HOLD, QuietAction.SILENT, QuietAction.DROP)

MOST_MUTES = 500
MOST_PER_DAY = 1000
_MANY = 10_000  # different preferences that are kept as they were read
_LONGEST = 200  # characters of a reason or a sound
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Nothing of this any more; until then, where that is said. `why` is a word: `bought`."""

    match: Match
    until: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByChannel:
    """`per_day`: at most so many alerts in a day of the person's zone. `digest`: one message a day, or none."""

    on: bool = True
    match: Match = EVERYTHING
    per_day: int | None = None
    sound: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the person's own zone, wherever that is. `loud` is never quietened."""

    start: time
    end: time
    do: QuietAction = QuietAction.HOLD
    loud: Match | None = None

    def rule(self, zone: ZoneInfo) -> QuietRule:
        hours = QuietHours(start=self.start, end=self.end, zone=zone, loud=self.loud, name="of the person")
        return QuietRule(hours, self.do)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`order` and `one_channel`: by the first of these ways alone, the next where that one fails. What `order` does not
    name comes behind it. `questions`: a mail may ask what came of an alert.
    """

    match: Match = EVERYTHING
    mute: tuple[Mute, ...] = ()
    channels: Mapping[str, ByChannel] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    one_channel: bool = False
    questions: bool = True
    quiet: Quiet | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """By one of which channels the person wants to be told, the first that there is; none: by all of them."""
        return (*self.order, *(name for name in USUAL_ORDER if name not in self.order)) if self.one_channel else ()

    def by(self, channel: str) -> ByChannel:
        return self.channels.get(channel, _PLAIN)


_PLAIN = ByChannel()


def parse_preferences(value: Any) -> Preferences:
    """Raises InvalidRequestError with one detail for each thing that is wrong, by its path."""
    reading = _Reading()
    preferences = reading.preferences(value)
    if reading.problems:
        first = reading.problems[0]
        raise InvalidRequestError(f"the preferences are not valid: {first.path}: {first.message}", reading.problems)
    return preferences


@lru_cache(maxsize=_MANY)
def kept_preferences(body: str) -> Preferences:
    """Read what was judged before it was kept (JSON)."""
    return parse_preferences(json.loads(body))


class _Reading:
    """Reads on where something is wrong, and gathers it."""

    def __init__(self) -> None:
        self.problems: list[Detail] = []

    def preferences(self, value: Any) -> Preferences:
        told = self._object(value, "", ("match", "mute", "channels", "order", "one_channel", "questions", "quiet"))
        channels = self._object(told.get("channels", {}), "channels", CHANNELS)
        return Preferences(
            match=self._match(told.get("match", {}), "match"),
            mute=tuple(self._mute(one, f"mute.{at}") for at, one in enumerate(self._list(told, "mute", MOST_MUTES))),
            channels={name: self._channel(one, f"channels.{name}") for name, one in channels.items()},
            order=self._order(told),
            one_channel=self._flag(told, "one_channel", "one_channel", usual=False),
            questions=self._flag(told, "questions", "questions", usual=True),
            quiet=None if told.get("quiet") is None else self._quiet(told["quiet"]),
        )

    def _mute(self, value: Any, path: str) -> Mute:
        told = self._object(value, path, ("match", "until", "why"))
        if not told.get("match"):
            self._wrong(f"{path}.match", "says what is muted; to hear nothing at all for a while, pause")
        return Mute(
            match=self._match(told.get("match", {}), f"{path}.match"),
            until=self._maybe(told, "until", path, _moment),
            why=self._maybe(told, "why", path, _words) or "",
        )

    def _channel(self, value: Any, path: str) -> ByChannel:
        told = self._object(value, path, ("on", "match", "per_day", "sound", "digest"))
        return ByChannel(
            on=self._flag(told, "on", f"{path}.on", usual=True),
            match=self._match(told.get("match", {}), f"{path}.match"),
            per_day=self._maybe(told, "per_day", path, _per_day),
            sound=self._maybe(told, "sound", path, _words),
            digest=self._maybe(told, "digest", path, _digest),
        )

    def _quiet(self, value: Any) -> Quiet | None:
        told = self._object(value, "quiet", ("from", "to", "do", "except"))
        if not told:
            return None
        start, end = (self._maybe(told, name, "quiet", _time_of_day) for name in ("from", "to"))
        for name, at in (("from", start), ("to", end)):
            if at is None and told.get(name) is None:
                self._wrong(f"quiet.{name}", 'is a time of day, like "23:00"')
        if start is not None and start == end:
            self._wrong("quiet.to", "is another time than `from`: such hours would never end")
        if start is None or end is None or start == end:
            return None
        loud = None if told.get("except") is None else self._match(told["except"], "quiet.except")
        return Quiet(
            start=start, end=end, do=self._maybe(told, "do", "quiet", _quietness) or QuietAction.HOLD, loud=loud
        )

    def _order(self, told: Mapping[str, Any]) -> tuple[str, ...]:
        order = self._list(told, "order", len(CHANNELS))
        if any(name not in CHANNELS for name in order) or len(set(map(str, order))) < len(order):
            self._wrong("order", f"has each of {', '.join(CHANNELS)} once at most")
            return ()
        return tuple(order)

    def _match(self, value: Any, path: str) -> Match:
        if not isinstance(value, Mapping):
            self._wrong(path, "must be an object")
            return EVERYTHING
        try:
            return parse_match(value)
        except InvalidRequestError as problem:
            for detail in problem.details:
                self._wrong(f"{path}.{detail.path}", detail.message)
        return EVERYTHING

    def _object(self, value: Any, path: str, keys: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._wrong(path, "must be an object")
            return {}
        for key in value:
            if key not in keys:
                self._wrong(f"{path}.{shown(key)}".lstrip("."), f"is unknown; there are {', '.join(keys)}")
        return {key: one for key, one in value.items() if key in keys}

    def _list(self, told: Mapping[str, Any], key: str, most: int) -> Sequence[Any]:
        value = told.get(key, ())
        if isinstance(value, list | tuple) and len(value) <= most:
            return value
        self._wrong(key, f"must be a list of at most {most}")
        return ()

    def _flag(self, told: Mapping[str, Any], key: str, path: str, *, usual: bool) -> bool:
        value = told.get(key, usual)
        if not isinstance(value, bool):
            self._wrong(path, "must be true or false")
        return value is True

    def _maybe(self, told: Mapping[str, Any], key: str, path: str, read: Callable[[Any], T]) -> T | None:
        """None where it is not said, or wrong."""
        if told.get(key) is None:
            return None
        try:
            return read(told[key])
        except ValueError as problem:
            self._wrong(f"{path}.{key}", str(problem))
        return None

    def _wrong(self, path: str, message: str) -> None:
        self.problems.append(Detail(path, message))


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time with its zone, like 2026-12-01T00:00:00Z")


def _time_of_day(value: Any) -> time:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('is a time of day, like "23:00"')
    return time(int(found[1]), int(found[2]))


def _per_day(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PER_DAY:
        raise ValueError(f"must be a whole number from 1 to {MOST_PER_DAY}; to hear nothing, switch the channel off")
    return value


def _words(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise ValueError(f"has at most {_LONGEST} printable characters")
    return value


def _digest(value: Any) -> str:
    if value not in DIGESTS:
        raise ValueError(f"is one of {', '.join(DIGESTS)}")
    return str(value)


def _quietness(value: Any) -> QuietAction:
    if value not in QUIETNESS:
        raise ValueError(f"is one of {', '.join(QUIETNESS)}")
    return QuietAction(value)
