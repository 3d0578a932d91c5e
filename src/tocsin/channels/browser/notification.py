"""One alert as a notification, in the form that Safari shows by itself and our service worker shows everywhere else
(W3C Push API, "Declarative push messages").
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.span import span
from tocsin.channels.text import cut, plain
from tocsin.core.alert import Alert, AlertType, Band
from tocsin.core.clock import epoch_micros
from tocsin.core.record import AlertRecord

LARGEST = 2048  # bytes of plain text: a service that hands on to another one takes no more than 2,744

_DECLARATIVE = 8030  # what marks the form
_LONGEST_NAME, _SHORTEST_NAME, _LONGEST_DETAIL = 240, 60, 80  # bytes as they are written
_LONGEST_ADDRESS = 1000  # characters

_WORDS: Mapping[AlertType, str] = MappingProxyType(
    {
        AlertType.IN_STOCK: "In stock",
        AlertType.PRICE_DROP: "Price drop",
        AlertType.RESTOCK_SOON: "Back soon",
        AlertType.BACK_ORDER: "Back order",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one browser is shown. `delivery` is what this one is called, `shop` the retailer as people know it; `link`
    leads there, `page` to where the person may say that it is bought. `silent`: no sound, and nothing moves.
    """

    record: AlertRecord
    delivery: str
    shop: str
    link: str | None = None
    page: str | None = None
    silent: bool = False

    @property
    def over(self) -> bool:
        return self.record.closed_at is not None


def notification_of(shown: Shown) -> bytes:
    """Write what one browser is sent.

    Where it is too long, the picture goes first, then the buttons, then most of the name, and at last the link; nothing
    is cut within what a reader takes for one character.
    """
    return next(
        (written for told in _ever_shorter(shown) if _fits(written := _json(told))), _json(_told(shown, _SHORTEST_NAME))
    )


def topic_of(alert: Alert) -> str:
    """The same for all that is said of one product at one retailer: of these a push service keeps the newest only, and
    a browser shows no other. 32 characters (RFC 8030, 5.4).
    """
    digest = hashlib.sha256("\0".join(alert.episode).encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest[:24]).decode()


def _ever_shorter(shown: Shown) -> Iterator[Mapping[str, Any]]:
    address = web_address(shown.link, _LONGEST_ADDRESS)
    navigate = {"navigate": address} if address else {}
    picture = _picture(shown.record.alert)
    image = {"image": picture} if picture else {}
    buttons = {"actions": list(_buttons(shown, address))}
    long, short = (_told(shown, room) for room in (_LONGEST_NAME, _SHORTEST_NAME))
    yield long | navigate | image | buttons
    yield long | navigate | buttons
    yield long | navigate
    yield short | navigate


def _told(shown: Shown, longest_name: int) -> dict[str, Any]:
    record, alert, quiet = shown.record, shown.record.alert, shown.silent or shown.over
    return {
        "title": _cut(alert.title, longest_name) or _cut(alert.sku, longest_name) or "Alert",
        "body": _body(shown),
        "dir": "auto",
        "tag": topic_of(alert),
        "timestamp": epoch_micros(alert.timestamp) // 1000,
        "silent": quiet,
        "renotify": not quiet,
        "requireInteraction": alert.band is Band.HIGH and not shown.over,
        "data": {"id": shown.delivery, "band": alert.band.value, "over": shown.over, "test": record.is_test},
    }


def _body(shown: Shown) -> str:
    """Two lines: what and where for how much, and which one of whom."""
    alert, shop = shown.record.alert, _cut(shown.shop, _LONGEST_DETAIL)
    detail = " · ".join(filter(None, (_cut(alert.variant or "", _LONGEST_DETAIL), _seller(alert))))
    return "\n".join(filter(None, (_news(shown, shop), detail)))


def _news(shown: Shown, shop: str) -> str:
    record, alert = shown.record, shown.record.alert
    if record.is_test:
        return f"Test, nothing for sale at {shop}"
    if record.closed_at is not None:
        return f"Sold out at {shop} after {span(record.closed_at - record.began_at)}"
    price, previous = alert.shown_price, alert.previous_price
    if price is None:
        return f"{_WORDS[alert.type]} at {shop}"
    cost = money(price, alert.currency)
    percent = None if previous is None else percent_saved(price, previous)
    if previous is None or percent is None:
        return f"{_WORDS[alert.type]} at {shop}: {cost}"
    word = f"{percent}% off" if alert.type is AlertType.PRICE_DROP else _WORDS[alert.type]
    return f"{word} at {shop}: {cost} (was {money(previous, alert.currency)})"


def _seller(alert: Alert) -> str:
    return f"sold by {_cut(alert.seller, _LONGEST_DETAIL)}" if alert.seller else ""


def _buttons(shown: Shown, link: str | None) -> Iterator[Mapping[str, str]]:
    """Two: no browser shows more. Nothing is for sale once it is over."""
    if shown.record.is_test:
        return
    if link and not shown.over:
        yield {"action": "buy", "title": "Buy", "navigate": link}
    if page := web_address(shown.page, _LONGEST_ADDRESS):
        yield {"action": "bought", "title": "Bought it", "navigate": page}


def _picture(alert: Alert) -> str | None:
    """Fetched by the browser, of `https` alone."""
    address = web_address(alert.metadata.get("image_url"), _LONGEST_ADDRESS)
    return address if address and address.startswith("https:") else None


def _cut(text: str, limit: int) -> str:
    return cut(plain(text), limit, _size)


def _size(text: str) -> int:
    """Bytes of it as it is written, escapes included."""
    return len(orjson.dumps(text)) - 2


def _json(told: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"web_push": _DECLARATIVE, "notification": told})


def _fits(written: bytes) -> bool:
    return len(written) <= LARGEST
