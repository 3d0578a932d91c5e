"""Lists are the targets of a channel that tells people."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from tocsin.channels.spec import Place
from tocsin.core.address import AddressKind
from tocsin.core.delivery import Target
from tocsin.core.secret import Secret
from tocsin.rules.audience import ListPolicy
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.routing import Route

EVERYONE = "everyone"  # all who may be told on a channel, by their preferences
LANE = "main"  # of all lists: they share the sender


class PeopleList(Protocol):
    """A list as the configuration has it: everybody with a tag, and what operators have written down."""

    @property
    def tag(self) -> str | None: ...


def lists_of(
    kinds: frozenset[AddressKind], lists: Mapping[str, PeopleList], usual: int | None = None
) -> Iterator[Place]:
    """Describe the lists of a channel that tells addresses of these kinds; `usual` is how many hear of one alert where
    a list does not say it. Everyone is a list that is always there.
    """
    for name, one in lists.items():
        most = getattr(one, "max_recipients", None) or usual
        written = tuple(map(Secret, getattr(one, "to", ())))
        people = ListPolicy(kinds=kinds, tag=one.tag, to=written, most=most)
        yield Place(name=name, lane=LANE, people=people)
    if EVERYONE not in lists:
        yield given_list(kinds, usual)


def given_list(kinds: frozenset[AddressKind], usual: int | None = None) -> Place:
    """Describe a list that the file does not: everyone, unless a call says who is on it."""
    return Place(name=EVERYONE, lane=LANE, people=ListPolicy(kinds=kinds, most=usual, given=True))


def people_route(channel: str, match: Match = EVERYTHING) -> Route:
    """Tell everyone on a channel, where the file has no routes."""
    return Route(name=f"people by {channel}", match=match, to=(Target(channel, EVERYONE),))
