"""An amount as people and networks write it: `1,299.00`, `(40.00)`, `€ 12,50`. What could be two is never guessed."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from tocsin.core.money import CURRENCIES

DECIMALS = (".", ",")
LIMIT = 10**12  # in millionths it still fits the ledger
_MICRO = Decimal("0.000001")

_SIGNS = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "C$": "CAD",
    "A$": "AUD",
    "₹": "INR",
    "zł": "PLN",
}
_MINUS, _APOSTROPHE = "\N{MINUS SIGN}", "\N{RIGHT SINGLE QUOTATION MARK}"
_CURRENCY = re.compile(rf"[^\d.,()+\-{_MINUS}'{_APOSTROPHE}\s]+")
_BLANKS = re.compile(rf"[\s'{_APOSTROPHE}]+")
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)")


class AmbiguousError(ValueError):
    """The amount could be one of two: only what its decimal sign is decides."""


class Written(NamedTuple):
    """An amount with the currency that is written beside it, where there is one."""

    amount: Decimal
    currency: str | None = None


def read_amount(value: Any, decimal: str | None = None) -> Written:
    """`decimal` is the sign before the fraction; None: as the amount itself says. Raises AmbiguousError where it does
    not, ValueError for what is no amount.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("is no amount")  # noqa: TRY004 - its readers tell values, not types
    if not isinstance(value, str):
        return Written(_bounded(Decimal(repr(value) if isinstance(value, float) else value)))
    digits, negative, currency = _taken_apart(value)
    amount = _bounded(_number(digits, decimal))
    return Written(-amount if negative else amount, currency)


def decimal_of(values: Iterable[Any]) -> str | None:
    """The sign before the fraction, where amounts that say it agree; None where none does, or they do not."""
    said = set()
    for value in values:
        try:
            digits, _, _ = _taken_apart(value) if isinstance(value, str) else ("", False, None)
        except ValueError:
            continue
        if (sign := _decimal_sign(digits)) is not None:
            said.add(sign)
    return said.pop() if len(said) == 1 else None


def currency_of(text: str) -> str | None:
    """The currency that a word or a sign stands for: `USD`, `€`."""
    word = text.strip()
    return _SIGNS.get(word) or (word.upper() if word.upper() in CURRENCIES else None)


def _taken_apart(text: str) -> tuple[str, bool, str | None]:
    """Digits with their separators, whether it is below 0, and the currency. Raises ValueError."""
    words = _CURRENCY.findall(text)
    currency = currency_of(words[0]) if words else None
    if len(words) > 1 or (words and currency is None):
        raise ValueError("is no amount")
    rest = _BLANKS.sub("", _CURRENCY.sub("", text)).replace(_MINUS, "-")
    negative = rest.startswith(("-", "(")) or rest.endswith("-")
    digits = rest.removeprefix("(").removesuffix(")") if rest.startswith("(") and rest.endswith(")") else rest
    digits = digits.removeprefix("-").removeprefix("+").removesuffix("-")
    if digits.startswith(DECIMALS):
        digits = "0" + digits
    if not _NUMBER.fullmatch(digits):
        raise ValueError("is no amount")
    return digits, negative, currency


def _decimal_sign(digits: str) -> str | None:
    """None where the amount has no fraction, or one that could be thousands."""
    signs = [each for each in digits if each in DECIMALS]
    if len(set(signs)) == len(DECIMALS):
        return signs[-1]
    if len(signs) != 1 or _could_be_thousands(digits, signs[0]):
        return None
    return signs[0]


def _could_be_thousands(digits: str, sign: str) -> bool:
    whole, _, rest = digits.partition(sign)
    return len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")  # noqa: PLR2004 - digits of a thousand


def _number(digits: str, decimal: str | None) -> Decimal:
    signs = [each for each in digits if each in DECIMALS]
    if len(signs) == 1 and decimal is None and _could_be_thousands(digits, signs[0]):
        raise AmbiguousError(f"{digits} could be {digits.replace(signs[0], '')} or {digits.replace(signs[0], '.')}")
    mark = decimal or _decimal_sign(digits)
    whole, _, fraction = digits.rpartition(mark) if mark is not None and mark in digits else (digits, "", "")
    groups = re.split(r"[.,]", whole)
    one_kind = len({each for each in whole if each in DECIMALS}) <= 1 and not set(fraction) & set(DECIMALS)
    if not one_kind or (mark is not None and mark in whole) or any(len(group) != 3 for group in groups[1:]):  # noqa: PLR2004
        raise ValueError("is no amount" if decimal is None else f"is no amount with the decimal sign {decimal!r}")
    return Decimal("".join(groups) + "." + (fraction or "0"))


def _bounded(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not abs(amount) < LIMIT:
        raise ValueError("is no amount that anybody paid: it has to be below 1,000,000,000,000")
    return amount.quantize(_MICRO)
