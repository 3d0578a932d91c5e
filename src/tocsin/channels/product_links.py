"""The links by which readers get from a message to the product: counted on the way, or straight."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.core.delivery import Delivery
from tocsin.core.link import Codes
from tocsin.core.record import AlertRecord
from tocsin.rules.affiliate import product_address
from tocsin.rules.catalog import Retailer


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """A short link of its own for each delivery, and so for each person. `start` is where people reach the service."""

    start: str
    codes: Codes

    def __call__(self, delivery: Delivery, record: AlertRecord) -> str | None:
        return None if record.alert.url is None else f"{self.start}/r/{self.codes.of(delivery.key)}"


@dataclass(frozen=True, slots=True)
class DirectLink:
    """The product's address, by way of its retailer's affiliate template. Nobody is counted, and nobody's code is in
    it.
    """

    retailers: Mapping[str, Retailer]

    def __call__(self, delivery: Delivery, record: AlertRecord) -> str | None:
        retailer = self.retailers.get(record.alert.retailer)
        if retailer is None:
            return record.alert.url
        return product_address(record.alert, retailer, delivery.target.channel)
