"""What a provider shows of itself on the sandbox's page, and what people order there."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from tocsin.sandbox.exchange import Answer

Act = Callable[[Mapping[str, str], Any], Awaitable[Mapping[str, Any] | None]]
"""Given the words of its path and the JSON body (None where it is none). None is answered with all that the page shows.
Raises InvalidRequestError for an order that cannot be followed.
"""


class Order(NamedTuple):
    method: str
    path: str
    act: Act


class Panel(Protocol):
    """`name` is its folder in the sandbox, whose `panel.js` draws on the page what `shown` tells it."""

    name: ClassVar[str]

    def shown(self, most: int) -> Mapping[str, Any]:
        """By keys that no other panel has; of each list the newest, at most so many."""
        ...

    def orders(self) -> tuple[Order, ...]:
        """What people do to the provider."""
        ...


@runtime_checkable
class ShowsDocuments(Protocol):
    """A panel with documents of their own, which its drawing puts into frames: `/{panel}/{name}`."""

    def document(self, name: str, query: Mapping[str, str]) -> Answer | None:
        """None where there is no such document. It carries its own guards."""
        ...
