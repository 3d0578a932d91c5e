"""What the amounts of a currency are counted in."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# Digits after the point where they are not two (ISO 4217).
_WHOLE = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
})  # fmt: skip
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

_UNITS = tuple(Decimal(1).scaleb(-digits) for digits in range(4))
_EXACT = Context(prec=60)


def digits_of(currency: str) -> int:
    """How many digits an amount of this currency (ISO 4217) has after the point; two for an unknown one."""
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in the smallest units of its currency, as people are shown it."""
    return amount.quantize(_UNITS[digits_of(currency)], ROUND_HALF_EVEN, _EXACT)
