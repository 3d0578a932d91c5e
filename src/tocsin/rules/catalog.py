"""The catalog knows which SKUs are one product and which spellings are one retailer, as the operator says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from tocsin.core.alert import Alert
from tocsin.core.delivery import Target
from tocsin.core.spelling import spelled
from tocsin.rules.glob import Globs, is_glob


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product is a set of `skus`, written `retailer:sku`, or a bare `sku` for every retailer; `*` is a glob.

    Prices are limits of the filter, in `currency`.
    """

    name: str
    family: str | None = None
    skus: tuple[str, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retailer:
    """A retailer has `key`, its canonical spelling in alerts, and `title`, its name for people.

    `to` adds targets; `link` is an affiliate template with `{url}`, `{click}` and `{tracking}`; `tracking` is what its
    network calls each channel, `zone` where the days of the network's reports begin and end.
    """

    key: str
    title: str
    icon: str | None = None
    aliases: tuple[str, ...] = ()
    to: tuple[Target, ...] = ()
    link: str | None = None
    tracking: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo | None = None


@dataclass(frozen=True)
class Catalog:
    """The products by name and the retailers by key. The indexes are built once, on the first look."""

    products: Mapping[str, Product] = field(default_factory=dict)
    retailers: Mapping[str, Retailer] = field(default_factory=dict)

    def canonical(self, retailer: str) -> str:
        """Fold a spelling (case, spaces, aliases, the title) to the key that alerts carry.

        An unlisted retailer keeps its folded spelling: `" Micro  Center"` is `"micro center"`.
        """
        folded = fold(retailer)
        return self._keys.get(folded, folded)

    def retailer(self, key: str) -> Retailer:
        """Look up what is known of a retailer; an unlisted one is its own title."""
        known = self.retailers.get(key)
        return known if known is not None else Retailer(key=key, title=key)

    def spellings(self, key: str) -> frozenset[str]:
        """Every folded spelling that means this retailer, its key among them: what people may write in a `match`."""
        known = self._spellings.get(key)
        return known if known is not None else frozenset((key,))

    def product_of(self, alert: Alert) -> Product | None:
        """Find the first product that lists the alert's SKU: for its retailer, else for every retailer, else
        by a glob.
        """
        qualified = f"{alert.retailer}:{alert.sku}"
        product = self._listed.get(qualified) or self._listed.get(alert.sku)
        if product is not None or not self._globbed:
            return product
        return next((each for globs, each in self._globbed if globs.hold(qualified)), None)

    @cached_property
    def _spellings(self) -> Mapping[str, frozenset[str]]:
        return {
            key: frozenset(map(fold, (key, retailer.title, *retailer.aliases))) | {key}
            for key, retailer in self.retailers.items()
        }

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        """A key is never taken for the alias of another retailer."""
        aliases = {spelling: key for key, spellings in self._spellings.items() for spelling in spellings}
        return aliases | {fold(key): key for key in self.retailers}

    @cached_property
    def _listed(self) -> Mapping[str, Product]:
        listed: dict[str, Product] = {}
        for sku, product in self._skus():
            if not is_glob(sku):
                listed.setdefault(sku, product)
        return listed

    @cached_property
    def _globbed(self) -> tuple[tuple[Globs, Product], ...]:
        return tuple((Globs.of((sku,)), product) for sku, product in self._skus() if is_glob(sku))

    def _skus(self) -> Iterator[tuple[str, Product]]:
        for product in self.products.values():
            for sku in product.skus:
                yield fold_sku(sku, self.canonical), product


@lru_cache(maxsize=4096)  # retailers are few, and each alert names one
def fold(retailer: str) -> str:
    """Fold a spelling to what people do not vary: without case, and without what no name that programs compare has
    (`spelled`).
    """
    return spelled(spelled(retailer).casefold())


def fold_sku(sku: str, spell: Callable[[str], str] = fold) -> str:
    """Fold the retailer of a `retailer:sku`; a bare glob becomes `*:sku`, so that it never reads a retailer's name.

    A SKU itself is compared exactly: shops tell `a1` from `A1`. One with a colon in it is written with its retailer.
    """
    retailer, colon, rest = spelled(sku).partition(":")
    if colon:
        return f"{spell(retailer)}:{rest.strip()}"
    return f"*:{retailer}" if is_glob(retailer) else retailer
