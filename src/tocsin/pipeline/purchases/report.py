"""A report, taken apart into rows of cells by what they mean: CSV with whatever stands above its header, or JSON as the
networks' own interfaces give it. Every row is by itself: one that is broken harms no other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from tocsin.core.errors import Detail, InvalidRequestError, NotJsonError, TooLargeError
from tocsin.core.spelling import shown
from tocsin.pipeline.cells import CUT, SEP_LINE, SHORT, decoded, lines_of, records, separator_of
from tocsin.pipeline.intake.parsing import items_of, parse
from tocsin.pipeline.purchases.column import Column, currency_in, folded
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.row import ReportRow

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 50_000
_HOW = "send it in parts, one for each month, say: each with the line that names the columns"
_PREAMBLE = 50  # lines above the header
_MOST_LINES = 4 * MOST_ROWS
_MOST_OBJECTS = 20 * MOST_ROWS  # memory is bounded before any of them is made
_MOST_NAMED = 50  # columns in an answer
_DEEPEST = 4  # objects in objects


class Report:
    """`rows` takes the file apart anew each time it is asked, a row at a time. `unknown` are the headers that nobody
    knows.
    """

    def __init__(self, content: bytes, network: Network, mapped: Mapping[Column, str]) -> None:
        """`mapped` are headers that the caller named. Raises TooLargeError, and InvalidRequestError for what is no such
        report at all.
        """
        if len(content) > MOST_BYTES:
            raise TooLargeError(f"a report holds at most {MOST_BYTES >> 20} MiB: {_HOW}")
        self._names = _Names(network, mapped)
        start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        self._table = _Objects(content, self._names) if start in (b"[", b"{") else _Cells(content, self._names)

    def rows(self) -> Iterator[ReportRow]:
        """Raises TooLargeError past the last one that is allowed."""
        for number, row in enumerate(self._table.rows()):
            if number == MOST_ROWS:
                raise TooLargeError(f"a report holds at most {MOST_ROWS:,} rows: {_HOW}")
            yield row

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(self._names.unknown)[:_MOST_NAMED]


class _Names:
    """What the headers of one file mean."""

    def __init__(self, network: Network, mapped: Mapping[Column, str]) -> None:
        self.network = network
        self.mapped = mapped
        self.unknown: dict[str, None] = {}
        named = {folded(header): (column, -1) for column, header in mapped.items()}
        others = {name: told for name, told in network.headers.items() if told[0] not in mapped}
        self._meant: Mapping[str, tuple[Column, int]] = others | named

    def meaning(self, header: str) -> tuple[Column, int] | None:
        return self._meant.get(folded(header))

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether these could name the columns of such a report."""
        found = {told[0] for told in map(self.meaning, headers) if told is not None}
        return all(not found.isdisjoint(needed) for needed in self.network.needs)

    def learn(self, headers: Sequence[str]) -> None:
        strange = (name for name in headers if self.meaning(name) is None)
        self.unknown |= {
            shown(name): None for name in strange if name.strip() and folded(name) not in self.network.beside
        }

    def row(self, number: int, named: Sequence[tuple[str, Any]]) -> ReportRow:
        ranked: defaultdict[Column, list[tuple[int, Any]]] = defaultdict(list)
        currencies: dict[Column, str] = {}
        for header, raw in named:
            told = self.meaning(header)
            value = raw.strip() if isinstance(raw, str) else raw
            if told is None or value is None or value == "":
                continue
            ranked[told[0]].append((told[1], value))
            if currency := currency_in(header):
                currencies.setdefault(told[0], currency)
        cells = {column: [value for _, value in sorted(many, key=_rank)] for column, many in ranked.items()}
        return ReportRow(number, cells, currencies)

    def missing(self, headers: Sequence[str]) -> InvalidRequestError:
        wanted = " and ".join(" or ".join(needed) for needed in self.network.needs)
        seen = ", ".join(map(shown, headers[:20])) or "nothing"
        told = (
            f"no line names the columns of a report by {self.network.name}: it has {wanted}."
            f" The first one says {seen}; map=COLUMN:HEADER says what a header means"
        )
        return InvalidRequestError(told, [Detail("header", told)])


def _rank(told: tuple[int, Any]) -> int:
    return told[0]


# --- CSV -------------------------------------------------------------------------------------------------------


class _Cells:
    def __init__(self, content: bytes, names: _Names) -> None:
        text = decoded(content)
        self._lines = lines_of(text)
        if len(self._lines) > _MOST_LINES:
            raise TooLargeError(f"a report holds at most {_MOST_LINES:,} lines: {_HOW}")
        self._complete = text.endswith(("\n", "\r"))
        self._names = names
        self._begin, self._separator, self._headers = self._header()
        names.learn(self._headers)

    def rows(self) -> Iterator[ReportRow]:
        """Each one after the next was looked for: only the last may be cut short."""
        before: ReportRow | None = None
        found = records(self._lines[self._begin :], self._separator)
        for number, (cells, problem) in enumerate(found, self._begin + 1):
            if not problem and not any(cell.strip() for cell in cells):
                continue
            if before is not None:
                yield before
            before = self._row(number, cells, problem)
        if before is not None:
            is_cut = before.problem == SHORT and not self._complete
            yield ReportRow(before.row, problem=CUT) if is_cut else before

    def _row(self, number: int, cells: Sequence[str], problem: str) -> ReportRow:
        if problem:
            return ReportRow(number, problem=problem)
        if len(cells) < len(self._headers):
            return ReportRow(number, problem=SHORT)
        return self._names.row(number, list(zip(self._headers, cells, strict=False)))

    def _header(self) -> tuple[int, str, list[str]]:
        """The line behind the header, the separator, and the headers. Above it a network says whatever it wants."""
        first: list[str] = []
        for number, line in enumerate(islice(self._lines, _PREAMBLE)):
            if SEP_LINE.fullmatch(line) or not line.strip():
                continue
            separator = separator_of(line)
            headers, _ = next(records([line], separator))
            first = first or headers
            if self._names.fits(headers):
                while headers and not headers[-1].strip():
                    headers.pop()  # spreadsheets leave separators at the end
                return number + 1, separator, headers
        raise self._names.missing(first)


# --- JSON ------------------------------------------------------------------------------------------------------


class _Objects:
    def __init__(self, content: bytes, names: _Names) -> None:
        self._content = content.removeprefix(b"\xef\xbb\xbf").strip()
        if self._content.count(b"{") + self._content.count(b"[") > _MOST_OBJECTS:
            raise TooLargeError(f"a report holds at most {_MOST_OBJECTS:,} objects and arrays: {_HOW}")
        self._names = names
        first = next((row for row in self._objects() if isinstance(row, dict)), {})
        headers = [name for name, _ in _flat(first)]
        if not names.fits(headers):
            raise names.missing(headers)
        names.learn(headers)

    def rows(self) -> Iterator[ReportRow]:
        for number, told in enumerate(self._objects(), 1):
            if isinstance(told, str):
                yield ReportRow(number, problem=told)
            else:
                yield self._names.row(number, _flat(told))

    def _objects(self) -> Iterator[dict[str, Any] | str]:
        """Objects, or why there is none: of an array, of lines, or of the first array in an object."""
        try:
            whole = orjson.loads(self._content)
        except orjson.JSONDecodeError:
            yield from self._in_pieces()
            return
        many = whole if isinstance(whole, list) else _array_in(whole)
        yield from ([whole] if many is None else map(_object, many))

    def _in_pieces(self) -> Iterator[dict[str, Any] | str]:
        is_array = self._content.startswith(b"[")
        pieces = list(items_of(self._content) if is_array else self._content.splitlines())
        for number, piece in enumerate(pieces, 1):
            if not piece.strip():
                continue
            try:
                yield _object(parse(piece))
            except NotJsonError as problem:
                yield CUT if number == len(pieces) else f"it is not JSON: {problem.message}"


def _object(value: Any) -> dict[str, Any] | str:
    return value if isinstance(value, dict) else "it is no JSON object"


def _array_in(value: Any, depth: int = 0) -> list[Any] | None:
    """The first array of objects, however deep it stands."""
    if isinstance(value, list):
        return value if value and isinstance(value[0], dict) else None
    if isinstance(value, dict) and depth < _DEEPEST:
        found = (_array_in(each, depth + 1) for each in value.values())
        return next((many for many in found if many is not None), None)
    return None


def _flat(told: Mapping[str, Any], above: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    """`{"saleAmount": {"amount": 1}}` has a cell `saleAmount.amount`."""
    cells: list[tuple[str, Any]] = []
    for name, value in told.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            cells += _flat(value, f"{above}{name}.", depth + 1)
        elif isinstance(value, str | int | float | bool):
            cells.append((f"{above}{name}", value))
    return cells
