"""One vocabulary for "which alerts": routes, mentions, subscriptions, queries and preferences all speak it."""

from dataclasses import dataclass

from tocsin.core.alert import Alert, AlertType, Band
from tocsin.rules.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """AND across the keys, OR inside one, `*` is a glob; an empty key is no condition. A SKU may be `retailer:sku`.

    Equal matches are equal values with equal hashes: sockets with the same interest share one room.
    `unrouted` (routes only) holds where no route before matched.
    """

    types: frozenset[AlertType] = frozenset()
    bands: frozenset[Band] = frozenset()
    min_priority: int = 1
    skus: frozenset[str] = frozenset()
    retailers: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    unrouted: bool = False

    def admits(self, alert: Alert, catalog: Catalog) -> bool:
        """`unrouted` is not looked at here: only routing knows what was routed before."""
        raise NotImplementedError


EVERYTHING = Match()
