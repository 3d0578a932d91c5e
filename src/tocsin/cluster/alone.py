"""A process that is alone with its ledger works every lane."""

from dataclasses import replace

from tocsin.cluster.contract import Keeper, Recovered
from tocsin.ledger.contract import Hold, Node

NOBODY = Node(id="", name="alone")


class Alone:
    """An `Ownership` that costs nothing: what there is work for is won at once, and never lost."""

    node = None
    seen = None

    def __init__(self, me: Node = NOBODY) -> None:
        self.me = me
        self._keepers: dict[Keeper, set[str]] = {}

    def serve(self, keeper: Keeper) -> None:
        self._keepers[keeper] = set()

    def listen(self, recovered: Recovered) -> None:
        """There is nobody to be heard of."""

    def hold(self, lane: str) -> Hold | None:  # noqa: ARG002 - each is worked
        return None

    def owns(self, lane: str) -> bool:  # noqa: ARG002 - each is worked
        return True

    def living(self) -> frozenset[str]:
        return frozenset()

    def vouches(self, node: str | None) -> bool:  # noqa: ARG002 - nobody else takes anything
        return True

    async def start(self) -> None:
        await self.look()

    async def look(self) -> None:
        for keeper, known in self._keepers.items():
            there = keeper.lanes().keys()
            fresh = there - known
            known.clear()
            known.update(there)
            if fresh:
                await keeper.win(fresh)

    def worked(self) -> frozenset[str]:
        return frozenset[str]().union(*self._keepers.values())

    def lease_left(self) -> None:
        """Nothing ends."""

    async def describe(self, config_digest: str) -> None:
        self.me = replace(self.me, config_digest=config_digest)

    async def retire(self) -> None:
        """What is under way is waited for by whoever has it under way."""

    async def stop(self) -> None:
        """Nothing is given to anybody."""
