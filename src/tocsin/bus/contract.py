"""The hint that something new is in the ledger. It may be lost; losing every one costs one polling interval."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tocsin.core.record import Event

Listener = Callable[[Sequence[Event]], None]


class Bus(Protocol):
    def publish(self, events: Sequence[Event]) -> None:
        """Tell every listener of these committed events; never waits, never raises."""
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear of what is published from now on; call what is returned to stop. A listener must not block."""
        ...
