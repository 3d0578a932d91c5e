"""A detector for the demo reports products that sell out, come back and change their price, as shops do on a busy
morning.
"""

import asyncio
import random
from dataclasses import dataclass
from decimal import Decimal

from tocsin.core.alert import AlertType
from tocsin.service import AlertService

PAUSE_S = (0.4, 2.5)  # between two detections
CENT = Decimal("0.01")


@dataclass(slots=True)
class Shelf:
    """A shelf holds one product at one retailer. What comes back costs its list price again."""

    sku: str
    name: str
    retailer: str
    list_price: Decimal
    price: Decimal
    in_stock: bool = False

    @property
    def url(self) -> str:
        return f"https://www.{self.retailer}.example/p/{self.sku}"


# None that a page or a document offers to send: what is pasted beside a running demo is news there too.
PRODUCTS = (
    ("6614153", "GeForce RTX 5080 Founders Edition", "999.99"),
    ("6601524", "Xbox Series X 2TB", "699.99"),
    ("6587845", "Nintendo Switch 2 + Mario Kart World Bundle", "499.99"),
    ("14-932-101", "Ryzen 7 9800X3D", "479.00"),
    ("7781203", "Pokémon TCG: Prismatic Evolutions Elite Trainer Box", "49.99"),
    ("A3K9", "Raspberry Pi 5 16GB", "119.99"),
    ("6565837", "Steam Deck OLED 1TB", "649.00"),
)
RETAILERS = ("bestbuy", "newegg", "amazon")


async def detect(service: AlertService) -> None:
    """Report to the service until cancelled."""
    chance = random.Random()  # noqa: S311 - a demo needs variety, not secrecy
    shelves = [_shelf(*product, shop) for product in PRODUCTS for shop in RETAILERS]
    while True:
        await _report(service, chance.choice(shelves), chance)
        await asyncio.sleep(chance.uniform(*PAUSE_S))


def _shelf(sku: str, name: str, price: str, retailer: str) -> Shelf:
    return Shelf(sku, name, retailer, Decimal(price), Decimal(price))


async def _report(service: AlertService, shelf: Shelf, chance: random.Random) -> None:
    if not shelf.in_stock:
        shelf.price = shelf.list_price
        shelf.in_stock = chance.random() < 0.6  # noqa: PLR2004 - a coin that falls on "back" a little more often
        await _send(service, shelf, AlertType.IN_STOCK if shelf.in_stock else AlertType.RESTOCK_SOON)
    elif chance.random() < 0.4:  # noqa: PLR2004 - most visits find the shelf as it was
        shelf.in_stock = False
        await service.close(sku=shelf.sku, retailer=shelf.retailer)
    else:
        before = shelf.price
        shelf.price = (before * Decimal(chance.choice(("0.8", "0.85", "1")))).quantize(CENT)
        kind = AlertType.PRICE_DROP if shelf.price < before else AlertType.IN_STOCK
        await _send(service, shelf, kind, previous=before)


async def _send(service: AlertService, shelf: Shelf, kind: AlertType, previous: Decimal | None = None) -> None:
    metadata: dict[str, object] = {"cart_url": shelf.url.replace("/p/", "/cart/")}
    if previous is not None and kind is AlertType.PRICE_DROP:
        metadata["previous_price"] = str(previous)
    await service.send_alert(
        type=kind,
        sku=shelf.sku,
        retailer=shelf.retailer,
        product_name=shelf.name,
        price=shelf.price if kind.buyable else None,
        url=shelf.url,
        metadata=metadata,
    )
