"""Who works which lane. A lane is everything that one node does at a time: the deliveries of one provider's limit, or a
job (`job:…`). Lanes of one group go together: they share a gate or a purse, which is in one node's memory.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from tocsin.core.delivery import Delivery
from tocsin.ledger.contract import Hold, Node, View

Recovered = Callable[[Sequence[Delivery]], None]
"""Hears of deliveries that a dead node left behind, as they stand now."""


class Keeper(Protocol):
    """A keeper works lanes while this node owns them."""

    def lanes(self) -> Mapping[str, str]:
        """The lanes that there is work for, each with its group."""
        ...

    async def win(self, lanes: Collection[str]) -> None:
        """Begin to work on them: nobody else does. Raises LedgerError where that is impossible now; it is called again
        then.
        """
        ...

    def lose(self, lanes: Collection[str]) -> None:
        """Begin nothing more on them. What is under way may end; answers are still to be written down."""
        ...

    def busy(self, lane: str) -> bool:
        """Something of a lane that was lost is still under way."""
        ...


class Ownership(Protocol):
    """Ownership says which lanes this node works."""

    @property
    def node(self) -> str | None:
        """The id of this node; None where this process is alone with its ledger."""
        ...

    def serve(self, keeper: Keeper) -> None:
        """Tell the keeper from the next look on which lanes are won and lost."""
        ...

    def listen(self, recovered: Recovered) -> None:
        """Tell of what dead nodes have left behind."""
        ...

    def hold(self, lane: str) -> Hold | None:
        """Under what a lane is claimed; None where this process is alone, or another node works it."""
        ...

    def owns(self, lane: str) -> bool:
        """Whether this node works that lane at this moment."""
        ...

    def living(self) -> frozenset[str]:
        """The ids of the nodes that counted as alive when it looked last; none where this process is alone."""
        ...

    def vouches(self, node: str | None) -> bool:
        """Whether what was claimed by that node may still leave: it is this one, and its lease has surely not ended."""
        ...

    async def start(self) -> None:
        """Begin to count as alive. Raises LedgerError."""
        ...

    async def look(self) -> None:
        """See now which lanes are won and lost: there are other ones, or others are busy."""
        ...

    @property
    def me(self) -> Node:
        """How this process is called."""
        ...

    @property
    def seen(self) -> View | None:
        """What it saw when it looked last, within the last second; None where this process is alone."""
        ...

    def worked(self) -> frozenset[str]:
        """The lanes that this node works now."""
        ...

    def lease_left(self) -> float | None:
        """For how many seconds it may still work them where the ledger does not answer; None where this process is
        alone.
        """
        ...

    async def describe(self, config_digest: str) -> None:
        """Tell the others by which configuration this node works from now on."""
        ...

    async def retire(self) -> None:
        """Take no lane any more, and give each up as soon as nothing of it is under way."""
        ...

    async def stop(self) -> None:
        """Give everything up, and leave."""
        ...
