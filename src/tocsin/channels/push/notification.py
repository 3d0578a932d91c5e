"""One alert as a notification: what stands on the lock screen, whichever way it gets there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.phrase import filled
from tocsin.channels.product import product_of, stock_of
from tocsin.channels.push.template import Template
from tocsin.channels.span import span
from tocsin.channels.text import cut, plain
from tocsin.core.alert import Alert, AlertType
from tocsin.core.record import AlertRecord

# Bytes of UTF-8 as JSON writes them: what a lock screen shows is less, and a message has 4,096 for everything.
TITLE, BODY, DETAIL, ADDRESS = 240, 480, 120, 800

_DIGEST = 24  # hexadecimal digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification of the same `tag` takes the place of one that is shown; those of a `group` stand together. The
    texts are fit to be shown, each within its bound.
    """

    title: str
    body: str
    product: str
    retailer: str
    price: str
    tag: str
    group: str
    picture: str | None = None
    is_over: bool = False


def notification_of(
    record: AlertRecord, shop: str, product: str | None = None, template: Template | None = None
) -> Notification:
    """`shop` is the retailer as people know it, `product` the name of the configuration's product, where it is one."""
    told = _told(record, shop)
    title, body = _over(record, told) if record.closed_at else _news(record, told, template)
    return Notification(
        title=_short(title, TITLE),
        body=_short(body, BODY),
        product=told["product"],
        retailer=told["retailer"],
        price=told["price"],
        tag=tag_of(record),
        group=group_of(record.alert, product),
        picture=_picture(record.alert),
        is_over=record.closed_at is not None,
    )


def tag_of(record: AlertRecord) -> str:
    """What is said of one offer replaces what was said of it before: same product, shop, variant and seller. A test
    replaces nothing.
    """
    alert = record.alert
    return _digest(str(alert.id)) if record.is_test else _digest("\n".join(alert.episode))


def group_of(alert: Alert, product: str | None) -> str:
    """Offers of one product stand together, whoever has it."""
    return _digest("\n".join(("product", product or " ".join(alert.title.casefold().split()))))


def size_of(text: str) -> int:
    """Bytes of a text within JSON: of UTF-8, and one more for each character that is escaped there."""
    return len(text.encode("utf-8", "surrogatepass")) + text.count('"') + text.count("\\")


def _told(record: AlertRecord, shop: str) -> dict[str, str]:
    alert = record.alert
    price, previous = alert.shown_price, alert.previous_price
    percent = None if price is None or previous is None else percent_saved(price, previous)
    fell = previous is not None and (price is None or previous > price)
    return {
        "product": _short(product_of(alert), TITLE - 60),
        "retailer": _short(shop, DETAIL) or _short(alert.retailer, DETAIL) or "the shop",
        "price": _amount(price, alert.currency),
        "previous_price": _amount(previous, alert.currency) if fell else "",
        "percent": str(percent or ""),
        "sku": _short(alert.sku, DETAIL),
        "variant": _short(alert.variant or "", DETAIL),
        "seller": _short(alert.seller or "", DETAIL),
        "stock": _short(stock_of(alert), DETAIL),
    }


def _news(record: AlertRecord, told: Mapping[str, str], template: Template | None) -> tuple[str, str]:
    title, body = _built_in(record, told)
    if template is not None:
        title = title if template.title is None else filled(template.title, told)
        body = body if template.body is None else filled(template.body, told)
    return (f"TEST: {title}" if record.is_test else title), body


def _built_in(record: AlertRecord, told: Mapping[str, str]) -> tuple[str, str]:
    """The words that decide come first: a lock screen shows no more than the beginning."""
    product, retailer, price = told["product"], told["retailer"], told["price"]
    if record.is_test:
        return product, f"This is a test, nothing is for sale at {retailer}"
    match record.alert.type:
        case AlertType.IN_STOCK:
            return f"In stock: {product}", _offer(told, price, f"at {retailer}")
        case AlertType.PRICE_DROP:
            word = f"{told['percent']}% off" if told["percent"] else "Price drop"
            before = f"(was {told['previous_price']})" if told["previous_price"] else ""
            return f"{word}: {product}", _offer(told, price, before, f"at {retailer}")
        case AlertType.RESTOCK_SOON:
            return f"Back soon: {product}", f"Expected at {retailer}, not for sale yet"
        case AlertType.BACK_ORDER:
            return f"Back order: {product}", _offer(told, price, f"at {retailer}, ships later")


def _over(record: AlertRecord, told: Mapping[str, str]) -> tuple[str, str]:
    """Sold out is always said in our words."""
    assert record.closed_at is not None, "it is over"
    after = span(record.closed_at - record.accepted_at)
    return f"Sold out: {told['product']}", f"At {told['retailer']}, after {after}"


def _offer(told: Mapping[str, str], *parts: str) -> str:
    seller = f"sold by {told['seller']}" if told["seller"] else ""
    return ", ".join(filter(None, (" ".join(filter(None, parts)), told["variant"], seller)))


def _short(text: str, limit: int) -> str:
    return cut(plain(text), limit, size_of)


def _amount(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else _short(money(amount, currency), DETAIL)


def _picture(alert: Alert) -> str | None:
    """Phones fetch pictures over https alone."""
    address = web_address(alert.metadata.get("image_url"), ADDRESS)
    return address if address and address.startswith("https://") else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
