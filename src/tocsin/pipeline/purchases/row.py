"""A row of a report: its cells, by what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.pipeline.purchases.column import Column


@dataclass(frozen=True, slots=True)
class ReportRow:
    """`row` is its number in the file, of a CSV as spreadsheets count. `cells` are by column, the best first, without
    those that are empty; `currencies` are those that the headers of sums name. `problem` says why there are none.
    """

    row: int
    cells: Mapping[Column, Sequence[Any]] = field(default_factory=dict)
    currencies: Mapping[Column, str] = field(default_factory=dict)
    problem: str = ""
