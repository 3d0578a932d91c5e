"""What a simulated provider is."""

from typing import ClassVar, Protocol

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
