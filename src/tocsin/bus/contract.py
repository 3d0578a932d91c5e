"""The bus carries hints from whoever commits something to whoever follows it: look into the ledger.

A hint may be lost, come twice or come late; the ledger alone is the truth. Losing every hint costs a listener one
polling interval and never an alert.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

from tocsin.core.part import Part
from tocsin.core.record import Event

T = TypeVar("T")

Listener = Callable[[T], None]


class Topic(Protocol[T]):
    """One kind of hints.

    Example: `stop = bus.events.listen(lambda events: wake.set())`, later `stop()`; after a commit
    `bus.events.publish(appended.events)`.
    """

    def publish(self, news: T, /) -> None:
        """Hand the news to every listener, in this process at once, in other nodes as soon as it comes there.

        Call it after the commit. It returns at once and never raises: what cannot be told now is found in the ledger.
        """
        ...

    def listen(self, listener: Listener[T], /) -> Callable[[], None]:
        """Call `listener` with what is published from now on; the function that is returned ends that.

        A listener runs on the event loop of whoever publishes: it must neither block nor raise.
        """
        ...


class Bus(Protocol):
    """`events` were committed, in the order of their positions; `lanes` hold something that is new; of the parts in
    `changes` the ledger has a newer version than before.
    """

    @property
    def events(self) -> Topic[Sequence[Event]]: ...

    @property
    def lanes(self) -> Topic[Collection[str]]: ...

    @property
    def changes(self) -> Topic[Collection[Part]]: ...

    @property
    def hears_others(self) -> bool:
        """Whether hints of other nodes come in now: else the ledger is to be asked more often."""
        ...
