"""Reads one row of a report cell by cell, and gathers everything that is wrong with it."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from tocsin.core.attribution import Span
from tocsin.core.errors import AmbiguousAmountError, Detail, InvalidRequestError, TocsinError, UnknownCurrencyError
from tocsin.core.money import CURRENCIES
from tocsin.core.purchase import PurchaseState
from tocsin.core.spelling import shown
from tocsin.pipeline.purchases.amount import AmbiguousError, Written, currency_of, read_amount
from tocsin.pipeline.purchases.column import SUMS, Column
from tocsin.pipeline.purchases.day import read_span
from tocsin.pipeline.purchases.row import ReportRow

_LONGEST = 200  # characters of a cell that names something
_MOST_ITEMS = 1_000_000
_YES = frozenset({"true", "yes", "1", "y"})
_NOW = Span(datetime.min, datetime.min)  # noqa: DTZ901 - stands where no day could be read: nobody sees it


class Writing(NamedTuple):
    """How the amounts and days of a file are written. `zone` is of a retailer, by its name."""

    decimal: str | None
    day_first: bool
    zone: Callable[[str | None], tzinfo]


class Reading:
    """`states` are the words of a network for the states of a purchase; `met` counts rows that look the same."""

    def __init__(
        self, row: ReportRow, writing: Writing, states: Mapping[str, PurchaseState], met: Counter[str]
    ) -> None:
        self.row = row.row
        self.problems: list[TocsinError] = []
        self._cells = row.cells
        self._headers = row.currencies
        self._writing = writing
        self._states = states
        self._met = met
        self._sums = {column: self._sum(column) for column in SUMS}

    def text(self, column: Column) -> str | None:
        """Of the best header there is; None where the cell is empty."""
        values = self.texts(column)
        return values[0] if values else None

    def texts(self, column: Column) -> tuple[str, ...]:
        """Of every header that means this column, the best first."""
        return tuple(filter(None, (self._line(column, value) for value in self._cells.get(column, ()))))

    def needed(self, column: Column) -> str:
        text = self.text(column)
        if text is None:
            self.wrong(column, "is empty: nothing names this purchase")
        return text or ""

    def sum(self, column: Column) -> Decimal | None:
        written = self._sums[column]
        return None if written is None else written.amount

    @property
    def is_negative(self) -> bool:
        """Whether a sum of it is below 0: it takes something back."""
        return any((self.sum(column) or 0) < 0 for column in (Column.AMOUNT, Column.COMMISSION))

    @property
    def currency(self) -> str | None:
        """Of its own column, else beside a sum, else of a header."""
        said = self.text(Column.CURRENCY)
        if said is not None:
            code = currency_of(said)
            if code is None:
                told = f"{shown(said)!r} is no currency of ISO 4217"
                self.problems.append(UnknownCurrencyError.at(Detail("currency", told)))
            return code
        beside = (written.currency for written in self._sums.values() if written is not None)
        return next((code for code in (*beside, *self._headers.values()) if code in CURRENCIES), None)

    def whole(self, column: Column) -> int | None:
        """A number of things."""
        value = self._first(column)
        if value is None:
            return None
        try:
            number = read_amount(value, self._writing.decimal).amount
        except ValueError:
            number = Decimal("0.5")
        if number != int(number) or abs(number) > _MOST_ITEMS:
            self.wrong(column, "is no number of things")
            return None
        return int(number)

    def flag(self, column: Column, *, usual: bool) -> bool:
        value = self._first(column)
        return usual if value is None else str(value).strip().lower() in _YES

    def state(self, usual: PurchaseState) -> PurchaseState:
        said = self.text(Column.STATE)
        if said is None:
            return usual
        state = self._states.get(said.strip().lower())
        if state is None:
            self.wrong(Column.STATE, f"{shown(said)!r} is not known; there are {', '.join(self._states)}")
        return state or usual

    def span(self, retailer: str | None) -> Span:
        """When it was bought: in the zone of the retailer's reports, where no other is told."""
        day, clock = self.text(Column.DATE), self.text(Column.TIME)
        if day is None:
            self.wrong(Column.DATE, "is empty: when was it?")
            return _NOW
        try:
            return read_span(day, clock or "", self._writing.zone(retailer), day_first=self._writing.day_first)
        except ValueError as problem:
            self.wrong(Column.DATE, str(problem))
        return _NOW

    def numbered(self, name: str) -> str:
        """The name, with how many rows there were of it, this one included: networks give equal ones no other."""
        self._met[name] += 1
        return f"{name}|{self._met[name]}"

    def plain(self, column: Column) -> str:
        """A sum in the same words whenever it is the same; empty where there is none."""
        amount = self.sum(column)
        return "" if amount is None else format(amount.normalize(), "f")

    def wrong(self, column: Column, problem: str) -> None:
        self.problems.append(InvalidRequestError.at(Detail(column.value, problem)))

    def _sum(self, column: Column) -> Written | None:
        value = self._first(column)
        if value is None:
            return None
        try:
            return read_amount(value, self._writing.decimal)
        except AmbiguousError as problem:
            told = f"{problem}: decimal=. or decimal=, says which"
            self.problems.append(AmbiguousAmountError.at(Detail(column.value, told)))
        except ValueError as problem:
            self.wrong(column, str(problem))
        return None

    def _first(self, column: Column) -> Any:
        values = self._cells.get(column, ())
        return values[0] if values else None

    def _line(self, column: Column, value: Any) -> str:
        text = str(value).strip()
        if len(text) > _LONGEST or not text.isprintable():
            self.wrong(column, f"has at most {_LONGEST} printable characters")
            return ""
        return text
