"""Knows which targets are disabled, until a human enables them. The ledger is the truth; this is its copy."""

from tocsin.core.delivery import Target
from tocsin.core.errors import NotFoundError
from tocsin.core.facts import Emit, TargetDisabled, TargetEnabled
from tocsin.core.part import Part
from tocsin.ledger.contract import MoveResult, Operations, TargetRow


class Targets:
    def __init__(self, operations: Operations, emit: Emit) -> None:
        self._operations = operations
        self._emit = emit
        self.disabled: frozenset[Target] = frozenset()
        self.version: int | None = None  # that is at least known; None: none yet

    async def refresh(self) -> None:
        """Read them as they are now: at start, and where another node has changed them."""
        version = (await self._operations.versions())[Part.TARGETS]
        self.disabled = frozenset(row.target for row in await self._operations.disabled())
        self.version = version

    async def rows(self) -> tuple[TargetRow, ...]:
        return await self._operations.disabled()

    async def disable(self, target: Target, why: str, detail: str = "") -> MoveResult:
        """A request that carried no delivery found it dead, or an operator wants it so. What waits for it goes to its
        fallback: `Moves` is to follow.
        """
        moved = await self._operations.disable(target, why, detail)
        self.note_disabled(target, why, detail)
        return moved

    def note_disabled(self, target: Target, why: str, detail: str) -> None:
        """A settlement has disabled it: no new delivery is planned for it from now on."""
        if target not in self.disabled:
            self.disabled |= {target}
            self._emit(TargetDisabled(target, why, detail))

    async def enable(self, target: Target) -> None:
        """Raises NotFoundError where it was not disabled."""
        if not await self._operations.enable(target):
            raise NotFoundError(f"{target} is not disabled")
        self.disabled -= {target}
        self._emit(TargetEnabled(target))
