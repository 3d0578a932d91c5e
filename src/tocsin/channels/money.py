"""Money as people write it, without a locale: `$1,999.99`, `¥58,000`, `CHF 12.50`."""

from decimal import Decimal

from tocsin.core.money import rounded

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


def money(amount: Decimal, currency: str) -> str:
    """`amount` is in units of the currency (ISO 4217); one without a sign of its own shows its code."""
    sign = _SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{sign}{rounded(amount, currency):,f}"


def percent_saved(price: Decimal, previous: Decimal) -> int | None:
    """Whole percent by which the price fell, never rounded up; None where it did not fall by one."""
    if not (previous > 0 and 0 <= price < previous):
        return None
    return int((previous - price) * 100 / previous) or None
