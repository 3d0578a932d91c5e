"""The bus of one process calls its listeners."""

from collections.abc import Callable, Sequence

from tocsin.bus.contract import Listener
from tocsin.core.record import Event


class InProcessBus:
    """A Bus whose listeners are called in turn, before `publish` returns."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, events: Sequence[Event]) -> None:
        for listener in tuple(self._listeners):
            listener(events)

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
