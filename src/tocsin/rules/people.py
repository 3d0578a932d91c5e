"""What an operator has decided about people: whose numbers are taken, what an import proves, which lists are fixed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tocsin.core.address import AddressWhy
from tocsin.core.consent import ConsentEvent, Standing
from tocsin.core.delivery import Target
from tocsin.rules.consent import standing_after
from tocsin.rules.signing_up import SigningUp


@dataclass(frozen=True, slots=True)
class FixedList:
    """A list of the configuration file: everybody with `tag`, or so many addresses that are `written` down there. No
    `max_recipients`: the channel's.
    """

    tag: str | None = None
    written: int = 0
    max_recipients: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePolicy:
    """`countries` (ISO 3166) are those whose numbers are taken; none: all. `zone` is of people of whom neither they nor
    their numbers say it. `lists` are those of the configuration file, which calls cannot change.
    """

    countries: tuple[str, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    accept_imported: bool = True
    lists: Mapping[Target, FixedList] = field(default_factory=dict)
    signing_up: SigningUp = field(default_factory=SigningUp)

    def standing_after(self, before: Standing, event: ConsentEvent, why: AddressWhy | None = None) -> Standing:
        """What an entry of consent makes of an address that stands so."""
        return standing_after(before, event, why, accept_imported=self.accept_imported)
