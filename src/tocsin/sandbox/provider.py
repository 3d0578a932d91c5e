"""What a simulated provider is."""

from typing import ClassVar, Protocol, runtime_checkable

from tocsin.sandbox.exchange import Aim, Call, Verdict


class Provider(Protocol):
    """One simulated provider: a folder of its own, and a line in `Providers`."""

    name: ClassVar[str]
    prefix: ClassVar[str]

    def aim(self, method: str, path: str) -> Aim:
        """What such a request is about, before it is read: faults are chosen by it."""
        ...

    def take(self, call: Call) -> Verdict:
        """Do what is asked, or refuse it. Never waits."""
        ...


@runtime_checkable
class CallsBack(Protocol):
    """A provider that is told once where it calls the service, and not with each message."""

    def call_back(self, address: str) -> None:
        """The service is there."""
        ...


@runtime_checkable
class Closes(Protocol):
    """A provider with calls under way, or doors of its own."""

    async def close(self) -> None: ...
