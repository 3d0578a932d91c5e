"""The ledger as what its nodes agree by: who is alive, and who owns which lane. Times are the database's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tocsin.core.part import Part
from tocsin.ledger.contract.queue import MoveResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One process of the service on a ledger that several share. `id` is drawn at each start, `name` stays; equal
    configurations have equal digests.
    """

    id: str
    name: str
    version: str = ""
    config_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A node as the ledger knows it. `lease_left` is for how long it still counts as alive, negative since when it does
    not.
    """

    node: Node
    started_at: datetime
    lease_left: timedelta
    leaving: bool = False

    @property
    def alive(self) -> bool:
        return self.lease_left > timedelta()


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """Who owns a lane, under which fence, and which node waits for it; None: nobody."""

    lane: str
    node: str | None
    fence: int
    wanted_by: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """All nodes and owners at one moment, which is `now` by the database's clock."""

    nodes: tuple[NodeRow, ...]
    owners: tuple[OwnerRow, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Glance:
    """What nodes keep a copy of, at a glance: the version of each part, the key of the newest delivery, and the lanes
    that have got new ones.
    """

    versions: Mapping[Part, int]
    newest: int
    lanes: frozenset[str]


class Cluster(Protocol):
    """Nodes share a ledger by leases and lane owners. Every write raises LedgerUnavailableError where it cannot be
    committed, having changed nothing.

    A node counts as alive until its lease ends; then any other may bury it. What it does after that changes nothing:
    its lanes have other fences, its deliveries other ones too.
    """

    async def enter(self, node: Node, lease: timedelta) -> MoveResult:
        """Begin to count as alive. What processes without a node have left `sending` becomes `unknown`: whoever kept
        this ledger alone is dead once this process has it open.
        """
        ...

    async def extend(self, node: str, lease: timedelta) -> View | None:
        """Count as alive for so long from now on; None where the node was buried. Never waits for other work of this
        process. Whoever gives up waiting does not know whether it was extended.
        """
        ...

    async def glance(self, newest: int | None) -> Glance:
        """Look what has changed, and which lanes have got deliveries after that one; None: none of them. Never waits
        for other work of this process.
        """
        ...

    async def take(self, node: str, lanes: Collection[str]) -> Mapping[str, int]:
        """Own those of these lanes that nobody owns: the fence of each that was won."""
        ...

    async def agree_on_browser_key(self, public: str) -> bool:
        """Keep the key that browsers subscribe with; False where the nodes have another one."""
        ...

    async def want(self, node: str, lanes: Collection[str]) -> None:
        """Ask their owners to give them up to this node."""
        ...

    async def give(self, node: str, lanes: Mapping[str, str | None]) -> None:
        """Give lanes up, each to the node that waits for it, or to nobody. What is not owned by `node` stays."""
        ...

    async def describe(self, node: str, config_digest: str) -> None:
        """Say that it works by another configuration now."""
        ...

    async def retire(self, node: str) -> None:
        """Say that it is leaving: it is to get no lane any more."""
        ...

    async def bury(self, node: str) -> MoveResult | None:
        """In one transaction: take a node whose lease has ended out of the list, make its lanes free, and `unknown`
        what it was sending. None where it is alive, or is buried already.
        """
        ...

    async def leave(self, node: str) -> MoveResult:
        """End counting as alive, as `bury` does, but by oneself and at once."""
        ...
