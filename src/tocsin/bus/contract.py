"""The bus carries a hint from whoever commits events to whoever follows them: look into the ledger.

A hint may be lost, come twice or come late; the ledger alone is the truth. Losing every hint costs a listener one
polling interval and never an alert.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from tocsin.core.record import Event

Listener = Callable[[Sequence[Event]], None]


class Bus(Protocol):
    """A way to tell listeners of committed events, in this process or in others.

    Example: `stop = bus.listen(lambda events: wake.set())`, later `stop()`; after a commit
    `bus.publish(appended.events)`.
    """

    def publish(self, events: Sequence[Event]) -> None:
        """Hand these events to every listener, in the order of their positions.

        Call it after their commit. It returns at once and never raises: what cannot be told now is found in the ledger.
        """
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each sequence of events that is published from now on; the function that is returned
        ends that.

        A listener runs on the event loop of whoever publishes: it must neither block nor raise.
        """
        ...
