"""What others must know of a channel: how it is configured, what its provider allows, how it is made.

A `Spec` stands in its channel's folder; `tocsin.catalogue` lists them all. The configuration is read, judged and turned
into rules by what they say, so nothing outside of its folder speaks of a provider.
"""

import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from tocsin.channels.contract import Channel, Link
from tocsin.channels.pages import Pages
from tocsin.channels.settings import ChannelSettings, Quiet
from tocsin.channels.transport import Transport
from tocsin.core.alert import Alert
from tocsin.core.clock import Clock
from tocsin.core.link import Codes
from tocsin.rules.audience import ListPolicy
from tocsin.rules.catalog import Retailer
from tocsin.rules.mentions import MentionRule
from tocsin.rules.routing import Route
from tocsin.rules.spending import SpendPolicy
from tocsin.rules.window import Rate

S = TypeVar("S", bound=ChannelSettings)
Path = tuple[str | int, ...]
Finding = tuple[Path, str]
"""Where in the channel's block, and what is to be said of it. No text repeats a secret."""


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """A provider's documented limits (those of `shared` may hold for several targets together, those of `whole` hold
    for all of them, those of `each` for each single person), how much one request may carry, and how many may be under
    way at once on one lane.
    """

    rates: tuple[Rate, ...] = ()
    shared: tuple[Rate, ...] = ()
    whole: tuple[Rate, ...] = ()
    each: tuple[Rate, ...] = ()
    bundle: int = 1
    in_flight: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One target as its channel's settings describe it. Places that share one of the provider's limits give the same
    `lane`; None is a lane of its own. `limits` and `join` in place of the channel's.
    `people`: it is a list of them.
    """

    name: str
    lane: str | None = None
    limits: ProviderLimits | None = None
    mentions: tuple[MentionRule, ...] = ()
    quiet: Quiet | None = None
    join: timedelta | None = None
    people: ListPolicy | None = None


def _no_product(_: Alert) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a channel is made with, beside its own settings. `retailers` by the spelling that alerts carry;
    `public_url` is where people and providers reach the service, without a slash at the end; `codes` are what
    deliveries are called there. `link` leads readers to the product, `pages` to what is theirs. `keys` is the folder of
    what is made once, for the life of the service, and belongs to the backup. `product` tells which of the
    configuration's products an alert is about, by its name.
    """

    transport: Transport
    clock: Clock
    link: Link
    pages: Pages
    codes: Codes
    keys: pathlib.Path
    public_url: str | None = None
    retailers: Mapping[str, Retailer]
    product: Callable[[Alert], str | None] = _no_product

    @property
    def shops(self) -> Mapping[str, str]:
        """How people call the retailers, by the same spelling."""
        return {name: retailer.title for name, retailer in self.retailers.items()}


class Flaw(NamedTuple):
    """`place` is the file and line, where it is another file than the configuration."""

    path: Path
    message: str
    place: str = ""


class UnfitError(ValueError):
    """No channel can be made of these settings."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(flaw.message for flaw in flaws))
        self.flaws = tuple(flaws)


def _nothing(_: Any) -> Iterable[Any]:
    return ()


def _no_bound(_: Any) -> SpendPolicy | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec(Generic[S]):
    """One channel as the others know it. All its functions are pure but `make`, which may read files.

    - `name`: what stands before the colon of its targets; `title` and `meaning` are for people.
    - `settings`: its block below `alerts.channels`; `named_in`: the keys of that block where its targets have names.
    - `limits`: what its provider documents; `uses`: which of `join` and `templates` mean something here.
    - `problems` judges an enabled block as it is written, before anybody knows whether its values are of the right
      type; `cautions` says what in an enabled block that loads is hardly meant so.
    - `places` describes the targets; left out, each name is one with a lane of its own.
    - `given`: targets that are there although the file names none: everyone, on a channel for people.
    - `list_by_call` describes a list that is kept by calls; None where the channel has none.
    - `spending`: where it ends, and what a unit costs by the provider's own list; None where there is no bound.
    - `default_routes` hold where the file has no routes.
    - `make` raises ValueError, or `UnfitError` with every flaw; None where this version cannot send there yet: its
      settings are read and checked, and no deliveries are planned.
    """

    name: str
    title: str
    meaning: str
    settings: type[S]
    named_in: tuple[str, ...]
    limits: ProviderLimits = ProviderLimits()
    uses: frozenset[str] = frozenset()
    problems: Callable[[Mapping[str, Any]], Iterable[Finding]] = _nothing
    cautions: Callable[[S], Iterable[Finding]] = _nothing
    places: Callable[[S], Iterable[Place]] | None = None
    given: tuple[str, ...] = ()
    list_by_call: Callable[[S], Place] | None = None
    default_routes: Callable[[S], Iterable[Route]] = _nothing
    spending: Callable[[S], SpendPolicy | None] = _no_bound
    make: Callable[[S, Surroundings], Channel] | None = None

    def names(self, settings: S) -> tuple[str, ...]:
        """What targets may be called, in the order of the file."""
        return tuple(name for key in self.named_in for name in getattr(settings, key))

    def targets(self, settings: S) -> Iterable[Place]:
        """Each target as the settings describe it."""
        return self.places(settings) if self.places else (Place(name=name) for name in self.names(settings))
