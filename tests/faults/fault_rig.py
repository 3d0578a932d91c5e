"""A town whose hours pass at will, and whose service waits for nobody: long durations are scaled down by twenty."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin import AlertService, Receipt
from tocsin.channels.transport import Patience
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import FINAL, Delivery, DeliveryState
from tocsin.core.facts import DeliveryMoved

OVER = {DeliveryState.SENT, *FINAL}
SCALE = 20
NORMAL = Patience()
HASTY = Patience(NORMAL.connect / SCALE, NORMAL.read / SCALE, NORMAL.total / SCALE)
_STEPS = 5  # of the loop until what is due has been visited
_SECRET_KEYS = {"secret", "bot_token", "token"}


class HastyService(AlertService):
    patience = HASTY


class FaultRig(ServiceRig):
    """`secrets` are all that were ever configured; `logged` and `figures` what services have said of themselves."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secrets: set[str] = set()
        self.logged: list[str] = []
        self.figures: list[str] = []

    async def open(self, *, discord: Mapping[str, Any] | None = None, **blocks: Any) -> Self:
        self.write(discord=discord, **blocks)
        service = HastyService.from_config(self.folder / "tocsin.json", environ={}, clock=self.clock)
        service.listen(self._hear)
        self._service = AsyncExitStack()
        self.alerts = await self._service.enter_async_context(service)
        return self

    async def close(self) -> None:
        if self._service is not None:
            self.figures.append(self.alerts.telemetry.exposition().decode())
        await super().close()

    def write(self, *, discord: Mapping[str, Any] | None = None, **blocks: Any) -> None:
        super().write(discord=discord, **blocks)
        self.secrets.update(_secrets(json.loads((self.folder / "tocsin.json").read_text())))

    def executed(self, target: str) -> int:
        """How many requests for a new message this webhook has seen."""
        return sum((entry.target, entry.action) == (target, "execute") for entry in self.sandbox.journal)

    async def ended(self, receipt: Receipt) -> Delivery:
        """The delivery of that alert once it is over, however it ended."""

        def over() -> Delivery | None:
            moves = [
                fact for fact in self.facts if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
            ]
            return next((move.delivery for move in moves if move.to in OVER), None)

        delivery: Delivery = await self.until(over)
        return delivery

    async def until_executed(self, times: int) -> None:
        """So many new messages were asked for, whatever became of them."""
        journal = self.sandbox.journal
        await journal.until(lambda: sum(entry.action == "execute" for entry in journal) >= times or None, DEADLINE_S)

    async def until_references(self, deliveries: int) -> None:
        """So many deliveries have arrived."""
        journal = self.sandbox.journal
        await journal.until(lambda: len(journal.references()) >= deliveries or None, DEADLINE_S)

    async def pass_time(self, seconds: float) -> None:
        """Let that time pass, once all that it stirs has its answer: a slow machine makes no delivery older."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds)
        sending = self.alerts.pipeline.sending
        await sending.dispatcher.look()
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE_S):
            while any(lane.claiming or lane.in_flight for lane in sending.lanes.values()):  # noqa: ASYNC110 - the steps of the loop are waited for
                await asyncio.sleep(0.001)

    @property
    def repeated(self) -> Mapping[str, int]:
        return self.sandbox.journal.repeated()


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    """What must never be seen: keys, and the last step of an address that whoever knows it may write to."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets(inner, "webhook" if key == "webhooks" else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, key)
    elif isinstance(value, str) and key in _SECRET_KEYS:
        yield value
    elif isinstance(value, str) and key == "webhook":
        yield urlsplit(value).path.rpartition("/")[2]
