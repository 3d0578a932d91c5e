"""All people at one moment, as far as it decides who is told, and the lists that calls keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.core.address import AddressKind
from tocsin.core.recipients import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """A list that is kept by calls: everybody with `tag`, or these `contacts`. No `max_recipients`: the channel's."""

    channel: str
    name: str
    tag: str | None = None
    contacts: tuple[UUID, ...] = ()
    max_recipients: int | None = None

    def as_json(self) -> dict[str, Any]:
        whom: dict[str, Any] = {"tag": self.tag} if self.tag else {"contacts": [str(each) for each in self.contacts]}
        return {
            "channel": self.channel,
            "name": self.name,
            **whom,
            "max_recipients": self.max_recipients,
            "fair": "rotate",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All people at one version of the directory, as sets of slots: by kind, by tag, by what they prefer (as JSON, with
    the zone that holds for the address), by the end of a pause. `lists` are those that calls keep, each with all
    addresses of the contacts whom it names. `willing` may be told; `contacts` has at each slot whose it is, 0 where it
    is nobody's any more. `zones`: who lives where, as far as that is known.
    """

    version: int
    kinds: Mapping[AddressKind, Audience]
    tags: Mapping[str, Audience]
    suppressed: Audience
    willing: Audience
    paused: tuple[tuple[datetime, Audience], ...]
    wishes: Mapping[tuple[str, str | None], Audience]
    lists: tuple[tuple[ListRow, Audience], ...]
    zones: Mapping[str, Audience]
    contacts: Sequence[int] = field(repr=False)
