"""Which targets rest: dead ones are disabled until a human enables them. The ledger is the truth; this is its copy."""

from tocsin.core.delivery import Target
from tocsin.core.errors import NotFoundError
from tocsin.core.facts import DeliveryMoved, Emit, TargetDisabled, TargetEnabled
from tocsin.ledger.contract import Archive, Ledger, TargetRow


class Targets:
    def __init__(self, ledger: Ledger, archive: Archive, emit: Emit) -> None:
        self._ledger = ledger
        self._archive = archive
        self._emit = emit
        self.disabled: frozenset[Target] = frozenset()

    async def start(self) -> None:
        self.disabled = frozenset(row.target for row in await self._archive.disabled())

    async def rows(self) -> tuple[TargetRow, ...]:
        return await self._archive.disabled()

    async def disable(self, target: Target, why: str, detail: str = "") -> frozenset[str]:
        """Found dead by a request that carried no delivery, or by an operator. Returns the lanes of what goes to its
        fallback.
        """
        rows = await self._ledger.disable(target, why, detail)
        self.note_disabled(target, why, detail)
        for delivery in rows.deliveries:
            self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why))
        return rows.lanes

    def note_disabled(self, target: Target, why: str, detail: str) -> None:
        """A settlement has disabled it: no new delivery is planned for it from now on."""
        if target not in self.disabled:
            self.disabled |= {target}
            self._emit(TargetDisabled(target, why, detail))

    async def enable(self, target: Target) -> None:
        """Raises NotFoundError where it was not disabled."""
        if not await self._ledger.enable(target):
            raise NotFoundError(f"{target} is not disabled")
        self.disabled -= {target}
        self._emit(TargetEnabled(target))
