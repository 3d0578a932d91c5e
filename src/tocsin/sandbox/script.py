"""The script of faults: what is to go wrong next, for whom and how often."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.sandbox.exchange import Aim
from tocsin.sandbox.faults import Fault, fault_from
from tocsin.sandbox.journal import PATIENCE_S


@dataclass(slots=True, kw_only=True)
class Line:
    """`left` is None where it never runs out; `target` and `action` are None where it strikes any."""

    provider: str
    fault: Fault
    left: int | None
    target: str | None
    action: str | None
    probability: float
    chance: Random

    def strikes(self, provider: str, aim: Aim) -> bool:
        if provider != self.provider or self.left == 0:
            return False
        if self.target not in (None, aim.target) or self.action not in (None, aim.action):
            return False
        return self.chance.random() < self.probability

    def as_json(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "fault": self.fault.name,
            "left": self.left,
            "target": self.target,
            "action": self.action,
            "probability": self.probability,
        }


class Faults:
    """Lines strike in the order they were added; the first that strikes is used up by one."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._release = asyncio.Event()
        self._hangs = asyncio.Event()

    def next(
        self,
        provider: str,
        fault: Fault,
        *,
        times: int | None = 1,
        target: str | None = None,
        action: str | None = None,
        probability: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Let the next `times` requests (None: all, until cleared) meet this fault; the same seed, the same course."""
        self._lines.append(
            Line(
                provider=provider,
                fault=fault,
                left=times,
                target=target,
                action=action,
                probability=probability,
                chance=Random(seed),  # noqa: S311 - repeatable chance is what tests need, nothing is guarded by it
            )
        )

    def pick(self, provider: str, aim: Aim) -> Fault | None:
        for line in self._lines:
            if line.strikes(provider, aim):
                line.left = None if line.left is None else line.left - 1
                return line.fault
        return None

    def add(self, value: object) -> None:
        """One line in its JSON form. Raises InvalidRequestError."""
        try:
            order = _Order.model_validate(value)
        except ValidationError as error:
            details = [Detail(".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors()]
            raise InvalidRequestError("not a fault", details) from None
        self.next(order.provider, fault_from(order.fault, order.values()), **order.aim())

    def listed(self) -> list[dict[str, Any]]:
        return [line.as_json() for line in self._lines if line.left != 0]

    def clear(self) -> None:
        """Nothing goes wrong any more, and what hangs goes on."""
        self._lines.clear()
        self.release()

    def release(self) -> None:
        """Whatever hangs now goes on; what comes later may hang again."""
        self._release.set()
        self._release, self._hangs = asyncio.Event(), asyncio.Event()

    async def released(self) -> None:
        self._hangs.set()
        await self._release.wait()

    async def expect_hanging(self, deadline_s: float = PATIENCE_S) -> None:
        """Return once a request hangs. Raises TimeoutError after so many real seconds."""
        async with asyncio.timeout(deadline_s):
            await self._hangs.wait()


class _Order(BaseModel):
    """`POST /faults`: the fault's own values stand beside these keys."""

    model_config = ConfigDict(extra="allow")

    provider: str
    fault: str
    times: int | None = Field(default=1, ge=1)
    target: str | None = None
    action: str | None = None
    probability: float = Field(default=1.0, ge=0, le=1)
    seed: int = 0

    def values(self) -> Mapping[str, Any]:
        return self.model_extra or {}

    def aim(self) -> dict[str, Any]:
        return self.model_dump(include={"times", "target", "action", "probability", "seed"})
