"""The journal: everything that arrived, in order, with what became of it. Crash tests compare it with the ledger."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

Found = TypeVar("Found")

PATIENCE_S = 30.0  # the machine that runs a test may be busy with many; only what never comes costs this


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request. `status` is None where nothing was answered; `fault` names what was done to it on purpose.

    `body` is the parsed JSON, or None where it was not JSON or never read.
    """

    number: int
    at: datetime
    provider: str
    action: str
    target: str
    accepted: bool
    status: int | None
    fault: str | None
    message: str | None
    references: tuple[str, ...]
    body: Any

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Journal:
    """In memory, and in `file` (one JSON object a line, flushed before the answer leaves) where one is given."""

    def __init__(self, file: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._waiting: set[asyncio.Event] = set()
        self._file = file.open("ab", buffering=0) if file else None

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def next_number(self) -> int:
        return len(self._entries) + 1

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        if self._file:
            self._file.write(orjson.dumps(entry.as_json()) + b"\n")
        self.stir()

    def stir(self) -> None:
        """Something has changed that no request brought: whoever waits looks again."""
        for waiting in self._waiting:
            waiting.set()

    def after(self, number: int, limit: int = 500) -> list[Entry]:
        return self._entries[number : number + limit]

    def accepted(self, provider: str | None = None, action: str | None = None) -> list[Entry]:
        return [
            entry
            for entry in self._entries
            if entry.accepted and provider in (None, entry.provider) and action in (None, entry.action)
        ]

    def references(self, provider: str | None = None) -> Counter[str]:
        """How many messages have carried each delivery: all ones, where nothing was repeated. One that was taken out of
        its message by an edit, and put in by the next, was carried by one.
        """
        accepted = self.accepted(provider)
        return Counter(
            reference
            for _, reference in {
                (entry.message or entry.number, reference) for entry in accepted for reference in entry.references
            }
        )

    def repeated(self, provider: str | None = None) -> dict[str, int]:
        return {reference: times for reference, times in self.references(provider).items() if times > 1}

    async def expect(self, predicate: Callable[[Entry], bool], deadline_s: float = PATIENCE_S) -> Entry:
        """The first entry that satisfies this, past or to come. Raises TimeoutError."""
        return await self.until(lambda: next((entry for entry in self._entries if predicate(entry)), None), deadline_s)

    async def until(self, question: Callable[[], Found | None], deadline_s: float = PATIENCE_S) -> Found:
        """Ask now and after every arrival, until there is an answer. Raises TimeoutError after so many real seconds."""
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            async with asyncio.timeout(deadline_s):
                while (found := question()) is None:
                    await news.wait()
                    news.clear()
                return found
        finally:
            self._waiting.discard(news)

    def close(self) -> None:
        if self._file:
            self._file.close()
