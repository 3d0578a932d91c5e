"""Money as people write it, without a locale: `$1,999.99`, `¥58,000`, `CHF 12.50`."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

_SIGNS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "CN¥",
    "KRW": "₩",
    "INR": "₹",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "HKD": "HK$",
    "SGD": "S$",
    "TWD": "NT$",
    "MXN": "MX$",
    "BRL": "R$",
    "ILS": "₪",
    "VND": "₫",
    "PHP": "₱",
}

# Digits after the point where they are not two (ISO 4217).
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"


def money(amount: Decimal, currency: str) -> str:
    """`amount` is in units of the currency (ISO 4217); one without a sign of its own shows its code."""
    sign = _SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{sign}{_rounded(amount, currency):,f}"


def percent_saved(price: Decimal, previous: Decimal) -> int | None:
    """Whole percent by which the price fell, never rounded up; None where it did not fall by one."""
    if not (previous > 0 and 0 <= price < previous):
        return None
    return int((previous - price) * 100 / previous) or None


def _rounded(amount: Decimal, currency: str) -> Decimal:
    digits = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    with localcontext(prec=60):
        return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
