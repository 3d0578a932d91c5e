"""What the operator knows of products and retailers: which SKUs are one product, which spellings one shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tocsin.core.alert import Alert
from tocsin.core.delivery import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`skus` are `retailer:sku`, or a bare `sku` for every retailer; `*` is a glob. Prices are limits of the filter."""

    name: str
    family: str | None = None
    skus: tuple[str, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retailer:
    """`key` is the canonical spelling in alerts; `title` is for people. `to` adds targets; `link` is an affiliate
    template with `{url}` and `{click}`.
    """

    key: str
    title: str
    icon: str | None = None
    aliases: tuple[str, ...] = ()
    to: tuple[Target, ...] = ()
    link: str | None = None


@dataclass(frozen=True)
class Catalog:
    products: Mapping[str, Product] = field(default_factory=dict)
    retailers: Mapping[str, Retailer] = field(default_factory=dict)

    def canonical(self, retailer: str) -> str:
        """Fold a spelling (case, surrounding space, aliases) to the key that alerts carry."""
        raise NotImplementedError

    def retailer(self, key: str) -> Retailer:
        """What is known of a retailer; an unlisted one is its own title."""
        raise NotImplementedError

    def product_of(self, alert: Alert) -> Product | None:
        raise NotImplementedError
