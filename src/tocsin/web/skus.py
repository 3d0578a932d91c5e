"""Puts families and products into the SKUs that the ledger knows alerts by."""

from collections.abc import Iterable, Iterator

from tocsin.core.spelling import spelled
from tocsin.rules.catalog import Catalog, Product
from tocsin.rules.glob import Globs
from tocsin.rules.match import Match


def skus_of(match: Match, catalog: Catalog) -> tuple[str, ...] | None:
    """The SKUs (`retailer:sku` or bare, globs among them) that a match means; empty is any, None is none at all."""
    asked = tuple(sorted(_folded(sku, catalog) for sku in match.skus))
    if not (match.families or match.products):
        return asked
    listed = [_folded(sku, catalog) for product in _products(match, catalog) for sku in product.skus]
    if asked:
        listed = [narrow for theirs in asked for ours in listed for narrow in _both(theirs, ours)]
    return tuple(dict.fromkeys(listed)) or None


def _products(match: Match, catalog: Catalog) -> Iterator[Product]:
    for product in catalog.products.values():
        if _held(match.products, product.name) and _held(match.families, product.family):
            yield product


def _held(patterns: Iterable[str], name: str | None) -> bool:
    patterns = tuple(patterns)
    return not patterns or (name is not None and Globs.of(patterns).hold(name))


def _both(one: str, other: str) -> Iterator[str]:
    """The pattern that two have in common, where one of them contains the other."""
    if _covers(one, other):
        yield other
    elif _covers(other, one):
        yield one


def _covers(wide: str, narrow: str) -> bool:
    """A bare SKU is wider than the same one at a retailer."""
    bare = narrow.partition(":")[2] if ":" in narrow and ":" not in wide else narrow
    return Globs.of((wide,)).hold(bare)


def _folded(sku: str, catalog: Catalog) -> str:
    retailer, colon, rest = spelled(sku).partition(":")
    return f"{catalog.canonical(retailer)}:{rest.strip()}" if colon else retailer
