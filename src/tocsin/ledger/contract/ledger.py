"""The ledger: by what it is used as, and how it is itself."""

from collections.abc import Callable
from typing import Protocol

from tocsin.core.part import Part
from tocsin.ledger.contract.analytics import Analytics
from tocsin.ledger.contract.cluster import Cluster
from tocsin.ledger.contract.history import History
from tocsin.ledger.contract.mirrors import Mirrors
from tocsin.ledger.contract.operations import Operations
from tocsin.ledger.contract.people import People
from tocsin.ledger.contract.purchases import Purchases
from tocsin.ledger.contract.queue import Queue


class Ledger(Protocol):
    """One database, used as the queue, as the history, as the lists that operators keep, for people, as the book of
    purchases, for what was counted, and for mirrors. Who needs one of these asks for that one, and not for the ledger.

    Where its files are `gone`, what comes from outside is refused (LedgerGoneError); what was accepted before is still
    worked off.
    """

    epoch: str  # drawn when the ledger is made; cursors of another one mean nothing here
    link_secret: bytes  # drawn with it: what short links are signed with
    gone: str  # which of its files was taken away or replaced while it was open; empty where none was

    @property
    def queue(self) -> Queue: ...

    @property
    def history(self) -> History: ...

    @property
    def operations(self) -> Operations: ...

    @property
    def people(self) -> People: ...

    @property
    def purchases(self) -> Purchases: ...

    @property
    def analytics(self) -> Analytics: ...

    @property
    def mirrors(self) -> Mirrors: ...

    @property
    def cluster(self) -> Cluster | None:
        """What its nodes agree by; None where a process has it to itself."""
        ...

    def on_change(self, listener: Callable[[frozenset[Part]], None]) -> None:
        """Hear after each commit of this process which parts it has changed that nodes keep a copy of; there is one
        listener.
        """
        ...

    async def probe(self) -> None:
        """Find out whether an append can be kept now: an empty commit, and where the last append was refused one as
        large as an alert.

        Raises LedgerUnavailableError while it cannot.
        """
        ...

    async def watch(self) -> None:
        """Look whether its files are still those that were opened (`gone`): each second."""
        ...

    async def backup(self, path: str) -> None:
        """Write a consistent copy to that path while the service runs. Raises InvalidRequestError on PostgreSQL, which
        has its own tools.
        """
        ...
