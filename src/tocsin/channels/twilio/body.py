"""One alert as a text: it says what and where at once, and its link is whole."""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import accumulate, islice
from types import MappingProxyType

from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.product import stock_of
from tocsin.channels.text import ELLIPSIS, clusters, plain, utf16
from tocsin.channels.twilio.gsm7 import is_gsm7, to_gsm7
from tocsin.channels.twilio.segments import segments
from tocsin.channels.twilio.template import Template
from tocsin.core.alert import Alert, AlertType
from tocsin.core.record import AlertRecord

_LONGEST_NAME = 200  # clusters: no segment has room for more
_SHORTEST_NAME = 12  # units of UTF-16: a name that is cut further says nothing
_LONGEST_DETAIL = 24  # units of UTF-16
_LONGEST_LINK = 400
_MOST_SEGMENTS = 4  # beyond the built-in one: an address of the shop's own can be long
_GSM7_ELLIPSIS = "..."

_WORDS: Mapping[AlertType, str] = MappingProxyType(
    {
        AlertType.IN_STOCK: "IN STOCK",
        AlertType.PRICE_DROP: "PRICE DROP",
        AlertType.RESTOCK_SOON: "BACK SOON",
        AlertType.BACK_ORDER: "BACK ORDER",
    }
)
# Phones make a link of whatever looks like an address: only ours may be one.
_LOOKS_LIKE_AN_ADDRESS = re.compile(r"(?<=\w)([.．。｡])(?=[^\W\d_])")  # noqa: RUF001 - dots of other scripts count too


def body_of(
    record: AlertRecord, title: str, link: str | None, template: Template | None = None, introduction: str = ""
) -> str:
    """`title` is the shop as people know it. The built-in text takes one segment of GSM-7, a template as many as its
    usual text does: the product's name is shortened to that. A link that is not short may take more, it is never cut.
    Nor is the `introduction`, with which the text begins.
    """
    is_unicode = template is not None and template.is_unicode
    write = template.written if template else _built_in(record)
    address = web_address(link, _LONGEST_LINK) or ""
    values = _values(record, title, plain if is_unicode else _as_gsm7) | {"link": address}
    if record.is_test and template:
        write = _marked(write)
    if introduction:
        write = _introduced(write, introduction)
    ellipsis = ELLIPSIS if is_unicode else _GSM7_ELLIPSIS
    allowed = template.segments if template else 1
    for room in range(allowed, max(allowed, _MOST_SEGMENTS) + 1):
        name = _longest(values["product"], lambda name: segments(write(values | {"product": name})) <= room, ellipsis)  # noqa: B023 - used at once
        if name is not None:
            return write(values | {"product": name})
    return body_of(record, title, None, template, introduction) if address else write(values | {"product": ""})


def _built_in(record: AlertRecord) -> Callable[[Mapping[str, str]], str]:
    """Words first: a preview shows no more than the beginning."""

    def write(values: Mapping[str, str]) -> str:
        if record.is_test:
            return _joined("TEST, nothing for sale", values["product"], values["retailer"], link=values["link"])
        word, price = _WORDS[record.alert.type], values["price"]
        if record.alert.type is AlertType.PRICE_DROP:
            word = f"{values['percent']}% OFF" if values["percent"] else word
            price += f" (was {values['previous_price']})" if price and values["previous_price"] else ""
        return _joined(word, values["product"], values["retailer"], price, link=values["link"])

    return write


def _joined(word: str, *details: str, link: str) -> str:
    return f"{word}: {', '.join(filter(None, details))} {link}".rstrip()


def _marked(write: Callable[[Mapping[str, str]], str]) -> Callable[[Mapping[str, str]], str]:
    return lambda values: f"TEST: {write(values)}"


def _introduced(write: Callable[[Mapping[str, str]], str], introduction: str) -> Callable[[Mapping[str, str]], str]:
    return lambda values: f"{introduction} {write(values)}"


def _values(record: AlertRecord, title: str, write: Callable[[str], str]) -> dict[str, str]:
    alert = record.alert
    price, previous = alert.shown_price, alert.previous_price
    percent = None if price is None or previous is None else percent_saved(price, previous)
    told = {
        "product": _product(alert, write),
        "retailer": _short(write(title)) or _short(write(alert.retailer)) or "the shop",
        "price": "" if price is None else _amount(money(price, alert.currency), alert.currency, write),
        "previous_price": "",
        "percent": str(percent or ""),
        "sku": _short(write(alert.sku)),
        "variant": _short(write(alert.variant or "")),
        "seller": _short(write(alert.seller or "")),
        "stock": _short(write(stock_of(alert))),
    }
    if previous is not None and (price is None or previous > price):
        told["previous_price"] = _amount(money(previous, alert.currency), alert.currency, write)
    return {
        name: _harmless(value) if name not in ("price", "previous_price") else value for name, value in told.items()
    }


def _product(alert: Alert, write: Callable[[str], str]) -> str:
    """A name of which GSM-7 says less than half is no name: the SKU is what can be looked for then."""
    named = plain(alert.title)
    written = write(named)
    if 2 * _told(written) < _told(named) or not written.strip():
        written = write(plain(alert.sku)) or "Product"
    variant = write(plain(alert.variant or ""))
    return f"{written}, {variant}" if variant and variant not in written else written


def _told(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _as_gsm7(text: str) -> str:
    return " ".join(to_gsm7(plain(text)).split())


def _amount(shown: str, currency: str, write: Callable[[str], str]) -> str:
    """A sign that GSM-7 does not have is said by the code of the currency."""
    spelled = " ".join(shown.split())
    if write is plain or is_gsm7(spelled):
        return spelled
    return f"{currency} {''.join(character for character in spelled if character.isdigit() or character in '.,')}"


def _short(text: str) -> str:
    room = accumulate(map(utf16, clusters(text)))
    return "".join(part for part, used in zip(clusters(text), room, strict=True) if used <= _LONGEST_DETAIL).rstrip()


def _harmless(text: str) -> str:
    return _LOOKS_LIKE_AN_ADDRESS.sub(r"\1 ", text.replace("://", ": "))


def _longest(name: str, fits: Callable[[str], bool], ellipsis: str) -> str | None:
    """As much of the name as fits, between what a reader takes for characters; None where too little would be left."""
    if fits(name):
        return name
    parts = list(islice(clusters(name), _LONGEST_NAME))

    def shortened(count: int) -> str:
        return f"{''.join(parts[:count]).rstrip(' ,')}{ellipsis}"

    count = bisect_left(range(len(parts) + 1), True, key=lambda count: not fits(shortened(count))) - 1  # noqa: FBT003 - what is searched for
    return shortened(count) if count >= 0 and utf16(shortened(count)) >= _SHORTEST_NAME else None
