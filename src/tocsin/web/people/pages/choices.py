"""The products that people choose from: families, where every product belongs to one, else the products themselves."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tocsin.rules.catalog import Catalog


class Choice(NamedTuple):
    value: str
    label: str
    chosen: bool


def choices(catalog: Catalog, match: Mapping[str, Any]) -> tuple[Choice, ...]:
    """With those ticked that the `match` of somebody's preferences names."""
    told = match.get(_key(catalog), ())
    ticked = set(told if isinstance(told, list | tuple) else (told,))
    return tuple(Choice(name, name, name in ticked) for name in _names(catalog))


def chosen(catalog: Catalog, ticked: Iterable[str]) -> dict[str, list[str]]:
    """What a `match` says of it; nothing where nothing was ticked that there is: that is everything."""
    names = set(ticked)
    known = [name for name in _names(catalog) if name in names]
    return {_key(catalog): known} if known else {}


def narrowed(catalog: Catalog, match: Mapping[str, Any], ticked: Iterable[str]) -> dict[str, Any]:
    """The match with what is ticked in place of what was; its other words stay."""
    key = _key(catalog)
    return {name: value for name, value in match.items() if name != key} | chosen(catalog, ticked)


def _key(catalog: Catalog) -> str:
    return "families" if all(product.family for product in catalog.products.values()) else "products"


def _names(catalog: Catalog) -> list[str]:
    products = catalog.products.values()
    if _key(catalog) == "products":
        return [product.name for product in products]
    return list(dict.fromkeys(product.family for product in products if product.family))
