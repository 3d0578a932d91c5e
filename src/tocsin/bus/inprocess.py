"""The bus of one process calls its listeners."""

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

from tocsin.bus.contract import Listener
from tocsin.core.part import Part
from tocsin.core.record import Event

T = TypeVar("T")


class LocalTopic(Generic[T]):
    """A Topic whose listeners are called in turn, before `publish` returns."""

    def __init__(self) -> None:
        self._listeners: list[Listener[T]] = []

    def publish(self, news: T, /) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def listen(self, listener: Listener[T], /) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class InProcessBus:
    """A Bus that reaches this process alone."""

    hears_others = False

    def __init__(self) -> None:
        self.events = LocalTopic[Sequence[Event]]()
        self.lanes = LocalTopic[Collection[str]]()
        self.changes = LocalTopic[Collection[Part]]()
