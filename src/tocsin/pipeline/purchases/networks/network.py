"""What others must know of an affiliate network: its headers, its words, how a row of its report becomes a sale."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column, columns_of
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale


@dataclass(frozen=True, kw_only=True)
class Network:
    """An affiliate network.

    - `columns`: what its reports call each column, the best name first; `beside` what else they have, folded.
    - `needs`: a line that names one of each of these is the header.
    - `states`: its words for the states of a purchase.
    - `day_first`: whether its days stand before the months, where nothing in the file says it.
    """

    name: str
    columns: Mapping[Column, tuple[str, ...]]
    needs: tuple[tuple[Column, ...], ...]
    sale: Callable[[Reading], Sale]
    states: Mapping[str, PurchaseState] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    day_first: bool = False

    @cached_property
    def headers(self) -> Mapping[str, tuple[Column, int]]:
        """By its folded header: which column it is, and how well it does as that."""
        return columns_of(self.columns)
