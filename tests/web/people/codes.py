"""A channel that brings codes and links."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.web.house import House, open_house

from tocsin.core.clock import ManualClock
from tocsin.core.secret import Secret
from tocsin.core.verification import Approved, By, CodeSent, Hindered, Hindrance

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Codes:
    """A channel that brings codes and links as it is told to, and is asked for nothing else."""

    name: str = "codes"
    verifies: bool = True
    hindered: Hindered | None = None
    asked: list[tuple[Secret, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None  # nothing is sent before it is set

    async def send_code(self, number: Secret, by: By, locale: str | None = None) -> CodeSent | Hindered:
        del locale
        if self.held is not None:
            await self.held.wait()
        self.asked.append((number, by))
        return self.hindered or CodeSent(by, NOON + timedelta(minutes=10), 4)

    async def check_code(self, number: Secret, code: str) -> Approved | Hindered:
        del number
        return self.hindered or (Approved() if code == "123456" else Hindered(Hindrance.WRONG))

    async def send_link(self, mailbox: Secret, link: str, locale: str | None = None) -> Hindered | None:
        del mailbox, locale
        self.links.append(link)
        return self.hindered


@asynccontextmanager
async def open_with_codes(
    path: Path, public_url: str = "https://alerts.example"
) -> AsyncIterator[tuple[House, ManualClock, Codes]]:
    """A house whose one channel brings codes and links; it is noon until the clock is moved."""
    clock, channel = ManualClock(NOON), Codes()
    async with open_house(path, clock=clock, public_url=public_url) as house:
        house.services.active.channels = {"codes": channel}
        yield house, clock, channel
