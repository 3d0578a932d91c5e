"""A network's report is taken: read beside the loop, and entered in small parts, so that no alert waits for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any

from tocsin.core.clock import Clock
from tocsin.core.errors import AmbiguousAmountError, Detail, InvalidRequestError, TocsinError
from tocsin.ledger.contract.purchases import Attribute, Entered, EntryResult, Keys, PurchaseDraft, Purchases
from tocsin.pipeline.purchases.amount import decimal_of
from tocsin.pipeline.purchases.column import SUMS, Column
from tocsin.pipeline.purchases.day import days_first
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading, Writing
from tocsin.pipeline.purchases.report import Report
from tocsin.pipeline.purchases.row import ReportRow
from tocsin.pipeline.purchases.sale import Sale
from tocsin.rules.catalog import Catalog

PART = 50  # rows in one transaction: some tens of milliseconds of the one thread that writes
MOST_TOLD = 1000  # rows that an answer names
TOLERANCE = timedelta(days=1)  # a day begins elsewhere before it begins here


class RowResult(StrEnum):
    """What became of a row."""

    CREATED = EntryResult.CREATED.value
    UNCHANGED = EntryResult.UNCHANGED.value
    CORRECTED = EntryResult.CORRECTED.value
    REVERSED = EntryResult.REVERSED.value
    UNATTRIBUTED = EntryResult.UNATTRIBUTED.value
    FOREIGN = "foreign"  # no click and no tracking id of ours: it is another link's, and not kept
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How a report is to be read. `zone` and `decimal` come before what the file and the configuration say; `mapped`
    are the headers of columns; with `keep_all` sales of other links are kept, too.
    """

    network: Network
    mapped: Mapping[Column, str] = field(default_factory=dict)
    decimal: str | None = None
    zone: tzinfo | None = None
    keep_all: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSale:
    """What became of one row, where something is to be said of it."""

    row: int
    result: RowResult
    external_id: str | None = None
    reason: str | None = None
    error: Any = None

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "result": self.result.value,
            "external_id": self.external_id,
            "reason": self.reason,
            "error": self.error,
        }


@dataclass(slots=True)
class ImportedReport:
    """What became of a report: rows are counted, and those told of that something is to be said of."""

    dry_run: bool = False
    counts: Counter[RowResult] = field(default_factory=Counter)
    told: list[ImportedSale] = field(default_factory=list)
    unknown_columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def add(self, sale: ImportedSale) -> None:
        self.counts[sale.result] += 1
        if sale.result in _TOLD and len(self.told) < MOST_TOLD:
            self.told.append(sale)

    def as_json(self) -> dict[str, Any]:
        left = sum(self.counts[result] for result in _TOLD) - len(self.told)
        notes = [*self.notes, *([f"{left:,} more rows are counted, and not named here"] if left else [])]
        return {
            **{result.value: self.counts[result] for result in RowResult},
            "unknown_columns": list(self.unknown_columns),
            "notes": notes,
            "dry_run": self.dry_run,
            "rows": [sale.as_json() for sale in self.told],
        }


_TOLD = frozenset({RowResult.CORRECTED, RowResult.REVERSED, RowResult.UNATTRIBUTED, RowResult.INVALID})


class Importing:
    """Reads the codes of clicks by `key_of`, and names and tracking ids as the `catalog` in force has them."""

    def __init__(
        self,
        purchases: Purchases,
        key_of: Callable[[str], int | None],
        catalog: Callable[[], Catalog],
        attribute: Callable[[], Attribute],
        clock: Clock,
    ) -> None:
        self._purchases = purchases
        self._key_of = key_of
        self._catalog = catalog
        self._attribute = attribute
        self._clock = clock

    async def take(self, content: bytes, ask: Ask, author: str) -> ImportedReport:
        """Again with the same file it changes nothing.

        Raises TooLargeError, AmbiguousAmountError and InvalidRequestError for what is no such report, with nothing
        taken; LedgerUnavailableError with a part of the rows taken: the same file again takes the others.
        """
        report, writing = await asyncio.to_thread(self._look, content, ask)
        done = ImportedReport(dry_run=ask.dry_run, unknown_columns=report.unknown)
        reader = _Reader(ask, writing, self._catalog(), self._key_of, self._clock.now() + TOLERANCE)
        met = _Met()
        parts = _parts(report.rows())
        while part := await asyncio.to_thread(next, parts, ()):
            read = await asyncio.to_thread(lambda rows: [reader.read(row) for row in rows], part)
            drafts = [one for one in read if isinstance(one, _Ready)]
            entered = iter(await self._enter(drafts, ask, author))
            for one in read:
                done.add(one if isinstance(one, ImportedSale) else met.seen(one, next(entered), ask))
        return done

    def _look(self, content: bytes, ask: Ask) -> tuple[Report, Writing]:
        """How the file writes amounts and days is known by looking at all of it."""
        report = Report(content, ask.network, ask.mapped)
        sums: list[Any] = []
        days: list[str] = []
        for row in report.rows():
            sums += [row.cells[column][0] for column in SUMS if column in row.cells]
            days += [str(row.cells[Column.DATE][0])] if Column.DATE in row.cells else []
        catalog = self._catalog()
        writing = Writing(
            decimal=ask.decimal or decimal_of(sums),
            day_first=days_first(days, usual=ask.network.day_first),
            zone=lambda retailer: ask.zone or _zone(catalog, retailer),
        )
        _refuse_ambiguous(report, ask, writing)
        return report, writing

    async def _enter(self, ready: Sequence["_Ready"], ask: Ask, author: str) -> Sequence[Entered]:
        drafts = [one.draft for one in ready]
        if not drafts:
            return ()
        return await self._purchases.enter(drafts, self._attribute(), author, dry_run=ask.dry_run)


@dataclass(frozen=True, slots=True)
class _Ready:
    row: int
    draft: PurchaseDraft


class _Reader:
    """From a row to what is entered, or to what is to be said of it."""

    def __init__(
        self, ask: Ask, writing: Writing, catalog: Catalog, key_of: Callable[[str], int | None], latest: datetime
    ) -> None:
        self._latest = latest
        self._ask = ask
        self._writing = writing
        self._catalog = catalog
        self._key_of = key_of
        self._met: Counter[str] = Counter()
        self._channels = {
            tracking: (key, channel)
            for key, retailer in catalog.retailers.items()
            for channel, tracking in retailer.tracking.items()
        }

    def read(self, row: ReportRow) -> "_Ready | ImportedSale":
        if row.problem:
            return _invalid(row.row, [InvalidRequestError(row.problem)])
        reading = Reading(row, self._writing, self._ask.network.states, self._met)
        sale = self._ask.network.sale(reading)
        has_sum = sale.amount is not None or sale.commission is not None
        if has_sum and sale.currency is None and not reading.problems:
            reading.wrong(Column.CURRENCY, "is not told: neither by a column nor beside a sum nor in a header")
        if not reading.problems and sale.bought.first > self._latest:
            reading.wrong(Column.DATE, "lies in the future")
        if reading.problems:
            return _invalid(row.row, reading.problems)
        keys, retailer = self._keys(sale)
        if keys == Keys() and not self._ask.keep_all:
            return ImportedSale(row=row.row, result=RowResult.FOREIGN)
        return _Ready(row.row, self._draft(sale, keys, retailer))

    def _keys(self, sale: Sale) -> tuple[Keys, str | None]:
        """What it says of who brought it, and whose product it is."""
        retailer = None if sale.retailer is None else self._catalog.canonical(sale.retailer)
        click = next((key for key in map(self._key_of, sale.clicks) if key is not None), None)
        known = self._channels.get(sale.tracking or "")
        if click is not None:
            return Keys(click=click), retailer
        return (Keys(), retailer) if known is None else (Keys(channel=known[1]), known[0])

    def _draft(self, sale: Sale, keys: Keys, retailer: str | None) -> PurchaseDraft:
        return PurchaseDraft(
            source=self._ask.network.name,
            external_id=sale.external_id,
            bought=sale.bought,
            state=sale.state,
            quantity=sale.quantity,
            amount=sale.amount,
            commission=sale.commission,
            currency=sale.currency,
            sku=sale.sku,
            retailer=retailer,
            keys=keys,
            entry=sale.entry,
            like=sale.like,
        )


class _Met:
    """What a dry run would have kept: the parts that follow find none of it."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def _learn(self, name: str) -> None:
        """And all beginnings by which it may be called."""
        self._names |= {name, *("|".join(name.split("|")[:many]) + "|" for many in range(1, name.count("|") + 1))}

    def seen(self, ready: _Ready, entered: Entered, ask: Ask) -> ImportedSale:
        draft = ready.draft
        known = draft.external_id in self._names
        if ask.dry_run and draft.entry is None:
            self._learn(draft.external_id)
        if entered.result is None:
            if ask.dry_run and known and entered.error["code"] == "unknown_purchase":
                return ImportedSale(row=ready.row, result=RowResult.CORRECTED, external_id=draft.external_id)
            return ImportedSale(row=ready.row, result=RowResult.INVALID, error=entered.error)
        result = RowResult(entered.result.value)
        if ask.dry_run and known and entered.result in (EntryResult.CREATED, EntryResult.UNATTRIBUTED):
            result = RowResult.UNCHANGED
        purchase = entered.purchase
        assert purchase is not None, "a result is of a purchase"
        return ImportedSale(
            row=ready.row, result=result, external_id=purchase.external_id, reason=purchase.reason.value
        )


def _parts(rows: Iterator[ReportRow]) -> Iterator[Sequence[ReportRow]]:
    while part := tuple(islice(rows, PART)):
        yield part


def _zone(catalog: Catalog, retailer: str | None) -> tzinfo:
    known = None if retailer is None else catalog.retailer(catalog.canonical(retailer)).zone
    return known or UTC


def _refuse_ambiguous(report: Report, ask: Ask, writing: Writing) -> None:
    """A file in which one amount could be a thousand times another is not guessed at, nor taken in part."""
    if writing.decimal is not None:
        return
    details: list[Detail] = []
    for row in report.rows():
        if row.problem:
            continue
        reading = Reading(row, writing, ask.network.states, Counter())
        wrong = [one for one in reading.problems if isinstance(one, AmbiguousAmountError)]
        details += [Detail(f"row {row.row}", one.message) for one in wrong]
    if details:
        more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
        raise AmbiguousAmountError(f"{details[0].path}: {details[0].message}{more}", details[:20])


def _invalid(row: int, problems: Sequence[TocsinError]) -> ImportedSale:
    """By the word of the first, with the details of all."""
    first = problems[0]
    details = [detail for problem in problems for detail in problem.details]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    error = type(first)(first.message + more, details).as_json()["error"]
    return ImportedSale(row=row, result=RowResult.INVALID, error=error)
