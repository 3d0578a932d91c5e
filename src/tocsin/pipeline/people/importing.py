"""A file of people is taken: read beside the loop, and written in small parts, so that nobody's alert waits for it."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from tocsin.core.secret import Secret
from tocsin.ledger.contract.people import ConsentRule, ImportedRow, ImportResult, ImportRow, People
from tocsin.pipeline.people.import_rows import RowReader
from tocsin.pipeline.people.table import TableRow, read_table

PART = 10  # rows in one transaction: some twenty milliseconds of the one thread that writes


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of each row, in the order of the file. `notes` are about the file as a whole."""

    rows: tuple[ImportedRow, ...]
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, result: ImportResult) -> int:
        return Counter(row.result for row in self.rows)[result]

    @property
    def unverified(self) -> int:
        """How many addresses were added that nobody has shown to be theirs."""
        return sum(len(row.addresses) for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """The rows that have something to be said of: those that went through, now or before, are counted."""
        counts = {result.value: self.count(result) for result in ImportResult}
        worth = [row for row in self.rows if row.error or row.note or row.result is ImportResult.SUPPRESSED]
        told = [row.as_json() for row in worth if not row.again]
        more = {
            "taken_before": sum(row.again for row in self.rows),
            "unverified": self.unverified,
            "notes": list(self.notes),
            "dry_run": self.dry_run,
        }
        return counts | more | {"rows": told}


async def import_people(
    people: People,
    content: bytes,
    *,
    countries: Collection[str],
    author: str,
    rule: ConsentRule,
    now: datetime,
    dry_run: bool = False,
) -> ImportReport:
    """Again with the same bytes it changes nothing. `countries`: whose numbers are taken; none: all.

    Raises TooLargeError and InvalidRequestError for what is no such file, with nothing taken; LedgerUnavailableError
    with a part of the rows taken: the same file again takes the others.
    """
    file = await asyncio.to_thread(_name_of, content)
    table = await asyncio.to_thread(read_table, content)
    reader = RowReader(countries, author, now)
    results: list[ImportedRow] = []
    met = _Met(dry_run=dry_run)
    take = partial(people.take, file, author=author, rule=rule, dry_run=dry_run)
    news = False  # taken, or under way to the ledger, and not announced
    try:
        for part in _parts(table.rows):
            read = await asyncio.to_thread(_read, reader, part)
            rows = [row for row in read if isinstance(row, ImportRow)]
            before, news = news, news or bool(rows)
            taken = {one.row: one for one in await take(rows, announce=False)} if rows else {}
            news = before or any(map(_is_news, taken.values()))
            results += [met.seen(row, taken[row.row]) if isinstance(row, ImportRow) else row for row in read]
    finally:
        if news:
            await asyncio.shield(take((), announce=True))
    return ImportReport(rows=tuple(results), notes=table.notes, dry_run=dry_run)


def _is_news(row: ImportedRow) -> bool:
    """Of one that is suppressed the rest may have been taken."""
    beside = row.result is ImportResult.SUPPRESSED and row.contact is not None
    return beside or row.result in (ImportResult.CREATED, ImportResult.UPDATED)


class _Met:
    """Whom a dry run would have kept: the parts that follow find nobody."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._names: set[Secret | str | None] = set()

    def seen(self, row: ImportRow, result: ImportedRow) -> ImportedRow:
        if not self._dry_run or result.result is ImportResult.INVALID:
            return result
        names = {row.external_id, *(draft.value.compared for draft in row.addresses)} - {None}
        known = not self._names.isdisjoint(names)
        self._names |= names
        return (
            replace(result, result=ImportResult.UPDATED) if known and result.result is ImportResult.CREATED else result
        )


def _name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parts(rows: Sequence[TableRow]) -> Iterator[Sequence[TableRow]]:
    for begin in range(0, len(rows), PART):
        yield rows[begin : begin + PART]


def _read(reader: RowReader, rows: Sequence[TableRow]) -> list[ImportRow | ImportedRow]:
    return [reader.read(row) for row in rows]
