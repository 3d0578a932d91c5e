"""What others must know of push, whichever ways lead to people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.channels.contract import Channel
from tocsin.channels.lists import EVERYONE, given_list, lists_of, people_route
from tocsin.channels.push.channel import NAME, PushChannel
from tocsin.channels.push.settings import Push
from tocsin.channels.push.way import Entrance
from tocsin.channels.spec import Finding, Place, ProviderLimits, Spec, Surroundings
from tocsin.core.address import AddressKind
from tocsin.rules.routing import Route

AT_ONCE = 100  # people of one claim, each of whom is one request


def push(*ways: Entrance) -> Spec[Push]:
    """Push by these ways, of which the settings open some or all."""
    house = _House(ways)
    return Spec(
        name=NAME,
        title="Push",
        meaning="Push to phones by Firebase, and to browsers.",
        settings=Push,
        named_in=("lists",),
        limits=house.limits,
        problems=problems,
        cautions=house.cautions,
        places=house.places,
        given=(EVERYONE,),
        list_by_call=house.list_by_call,
        default_routes=default_routes,
        make=house.make if ways else None,
    )


def problems(block: Mapping[str, Any]) -> Iterator[Finding]:
    web = block.get("web")
    if block.get("firebase_config") is None and isinstance(web, Mapping) and web.get("enabled") is False:
        yield ("firebase_config",), "this key, or `web`, is needed while the channel is enabled"


def default_routes(_: Push) -> Iterator[Route]:
    """People are told by their preferences where the file has no routes."""
    yield people_route(NAME)


@dataclass(frozen=True, slots=True)
class _House:
    ways: Sequence[Entrance]

    @property
    def limits(self) -> ProviderLimits:
        """All ways pass one lane: the limits of each hold for it."""
        whole = tuple(rate for way in self.ways for rate in way.limits.whole)
        return ProviderLimits(
            whole=whole, each=tuple(rate for way in self.ways for rate in way.limits.each), bundle=AT_ONCE
        )

    def cautions(self, settings: Push) -> Iterator[Finding]:
        for way in self._open(settings):
            yield from way.cautions(settings)

    def places(self, settings: Push) -> Iterator[Place]:
        yield from lists_of(self._kinds(settings), settings.lists, settings.max_recipients)

    def list_by_call(self, settings: Push) -> Place:
        return given_list(self._kinds(settings), settings.max_recipients)

    def make(self, settings: Push, around: Surroundings) -> Channel:
        return PushChannel([way.make(settings, around) for way in self._open(settings)], around.clock)

    def _open(self, settings: Push) -> Sequence[Entrance]:
        return [way for way in self.ways if way.is_open(settings)]

    def _kinds(self, settings: Push) -> frozenset[AddressKind]:
        return frozenset(way.kind for way in self._open(settings))
