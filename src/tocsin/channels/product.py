"""A product as messages speak of it, whichever channel they go by."""

from tocsin.channels.text import plain
from tocsin.core.alert import Alert


def product_of(alert: Alert) -> str:
    """What to call the product, even where its name has nothing that can be seen."""
    return next(filter(None, map(plain, (alert.product_name or "", alert.sku, "Product"))))


def stock_of(alert: Alert) -> str:
    """How much of it is left, as the detector says it; empty where that is neither a number nor a text."""
    stock = alert.metadata.get("stock")
    return str(stock) if isinstance(stock, int | str) and not isinstance(stock, bool) else ""
