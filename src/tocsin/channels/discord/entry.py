"""One alert of a message, with what its parts are made from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.setup import Face
from tocsin.channels.discord.template import Ready, Template
from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.product import product_of
from tocsin.channels.span import span
from tocsin.channels.text import plain
from tocsin.core.alert import Alert
from tocsin.core.clock import epoch_micros
from tocsin.core.record import AlertRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """`reference` is what its delivery is known by in the message, `link` the short address of the product."""

    record: AlertRecord
    face: Face
    reference: str | None = None
    link: str | None = None
    template: Template | None = None

    @property
    def alert(self) -> Alert:
        return self.record.alert

    @property
    def product(self) -> str:
        return product_of(self.alert)

    @property
    def retailer(self) -> str:
        return plain(self.face.title) or "the shop"

    @property
    def address(self) -> str | None:
        """Where the reader gets to: by the short link where there is one, so that the click is seen."""
        return web_address(self.link, limits.ADDRESS) or web_address(self.alert.url, limits.ADDRESS)

    @property
    def cart(self) -> str | None:
        return web_address(self.alert.metadata.get("cart_url"), limits.ADDRESS)

    @property
    def percent(self) -> int | None:
        """By how much it is cheaper than before, where it is."""
        price, previous = self.alert.shown_price, self.alert.previous_price
        return None if price is None or previous is None else percent_saved(price, previous)

    @property
    def detected(self) -> str:
        """Discord shows each reader how long ago that is."""
        return f"<t:{epoch_micros(self.alert.timestamp) // 1_000_000}:R>"

    @property
    def sold_out_after(self) -> str | None:
        closed_at = self.record.closed_at
        return None if closed_at is None else span(closed_at - self.record.accepted_at)

    def values(self) -> dict[str, Any]:
        """What a template may speak of."""
        alert = self.alert
        return {
            "product": self.product,
            "retailer": self.retailer,
            "sku": alert.sku,
            "variant": alert.variant,
            "seller": alert.seller,
            "price": _money(alert.price, alert.currency),
            "previous_price": _money(alert.previous_price, alert.currency),
            "percent": self.percent,
            "stock": alert.metadata.get("stock"),
            "priority": alert.priority,
            "band": alert.band.value,
            "url": _ready(self.address),
            "cart_url": _ready(self.cart),
            "detected": Ready(self.detected),
            "metadata": alert.metadata,
        }


def _money(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money(amount, currency)


def _ready(address: str | None) -> Ready | None:
    """Fit for `[text](address)`: a bracket would end the link."""
    return None if address is None else Ready(address.replace("(", "%28").replace(")", "%29"))
