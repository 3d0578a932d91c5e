"""The columns that a report may have, by what they mean; each network has names of its own for them."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from tocsin.pipeline.purchases.amount import currency_of


class Column(StrEnum):
    EXTERNAL_ID = "external_id"  # what the purchase, or this word on it, is called
    ORIGINAL_ID = "original_id"  # what the purchase is called that this is a correction of
    ORIGINAL = "original"  # whether it is no correction
    ORDER = "order"
    CLICK = "click"
    TRACKING = "tracking"  # what the network calls the channel
    SKU = "sku"
    RETAILER = "retailer"
    DATE = "date"
    TIME = "time"
    PROCESSED = "processed"  # when the network heard of it
    QUANTITY = "quantity"
    RETURNS = "returns"
    PRICE = "price"
    AMOUNT = "amount"
    COMMISSION = "commission"
    CURRENCY = "currency"
    STATE = "state"


SUMS = (Column.PRICE, Column.AMOUNT, Column.COMMISSION)

_NO_WORD = re.compile(r"[^a-z0-9]+")
_CODE = re.compile(r"\(([^)]+)\)|\b([A-Z]{3})\b|(Usd)$")


def folded(header: str) -> str:
    """A header without what reports vary: case, accents, signs, the currency in brackets."""
    text = unicodedata.normalize("NFKD", header.replace("ß", "ss").lower())
    return _NO_WORD.sub(" ", "".join(each for each in text if not unicodedata.combining(each))).strip()


def currency_in(header: str) -> str | None:
    """The currency that a header names: `Revenue($)`, `Umsatz (€)`, `saleAmountUsd`."""
    found = (currency_of(word) for match in _CODE.finditer(header) for word in match.groups() if word)
    return next(filter(None, found), None)


def columns_of(names: Mapping[Column, tuple[str, ...]]) -> Mapping[str, tuple[Column, int]]:
    """By its folded header: which column it is, and how well it does as that; 0 is best."""
    return {folded(name): (column, rank) for column, many in names.items() for rank, name in enumerate(many)}
