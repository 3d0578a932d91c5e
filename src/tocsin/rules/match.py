"""A match says which alerts: routes, mentions, subscriptions, queries and preferences all speak this one vocabulary."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tocsin.core.alert import TOP_PRIORITY, Alert, AlertType, Band
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.spelling import shown
from tocsin.core.wordlist import words_of
from tocsin.rules.catalog import Catalog, fold, fold_sku
from tocsin.rules.glob import Globs, is_glob


@dataclass(frozen=True, kw_only=True)
class Match:
    """A match holds for an alert where each of its keys does (AND), by any of the key's values (OR); an empty key is no
    condition.

    `*` is a glob, and a SKU may be `retailer:sku`. Retailers match in every spelling that the catalog folds; SKUs,
    families and products are compared exactly. Equal matches are equal values with equal hashes: sockets with the same
    interest share one room. `unrouted` (routes only) holds where no route before matched.
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
        return (
            alert.priority >= self.min_priority
            and (not self.types or alert.type in self.types)
            and (not self.bands or alert.band in self.bands)
            and (not self.skus or self._admits_sku(alert, catalog))
            and (not self.retailers or self._retailers.hold(catalog.spellings(alert.retailer)))
            and (not (self.families or self.products) or self._admits_product(alert, catalog))
        )

    def _admits_sku(self, alert: Alert, catalog: Catalog) -> bool:
        spellings = catalog.spellings(alert.retailer)
        return self._skus.hold((alert.sku, *(f"{spelling}:{alert.sku}" for spelling in spellings)))

    def _admits_product(self, alert: Alert, catalog: Catalog) -> bool:
        product = catalog.product_of(alert)
        if product is None:
            return False
        return (not self.products or self._products.hold((product.name,))) and (
            not self.families or (product.family is not None and self._families.hold((product.family,)))
        )

    @cached_property
    def _skus(self) -> "_Words":
        return _Words.of(map(fold_sku, self.skus))

    @cached_property
    def _retailers(self) -> "_Words":
        return _Words.of(map(fold, self.retailers))

    @cached_property
    def _families(self) -> "_Words":
        return _Words.of(self.families)

    @cached_property
    def _products(self) -> "_Words":
        return _Words.of(self.products)


@dataclass(frozen=True, slots=True)
class _Words:
    """The values of one key, ready for the hot path: a set, and globs only where there are any."""

    exact: frozenset[str]
    globs: Globs

    @classmethod
    def of(cls, values: Iterable[str]) -> "_Words":
        every = frozenset(values)
        globbed = frozenset(filter(is_glob, every))
        return cls(every - globbed, Globs.of(globbed))

    def hold(self, texts: Iterable[str]) -> bool:
        return not self.exact.isdisjoint(texts) or self.globs.hold(*texts)


EVERYTHING = Match()

# Bounds for strangers: a subscription is weighed against every alert.
MOST_WORDS = 1000
LONGEST_WORD = 200


def parse_match(value: Mapping[str, Any], *, unrouted_allowed: bool = False) -> Match:
    """Read a match from JSON (lists, or one string with commas) or from query parameters (strings throughout).

    Raises InvalidRequestError with one detail for each thing that is wrong, by its path within `value`. Example:
    `{"bands": ["high"], "skus": "bestbuy:66*,1234"}`.
    """
    read = dict(_READ) if unrouted_allowed else {key: reader for key, reader in _READ.items() if key != "unrouted"}
    problems: list[Detail] = []
    parsed = {key: read[key](told, key, problems) for key, told in value.items() if key in read}
    problems += [Detail(shown(key), _unknown("key", key, read)) for key in value if key not in read]
    if problems:
        raise InvalidRequestError("the match is not valid: " + problems[0].message, problems)
    return Match(**parsed)


_Reader = Callable[[Any, str, list[Detail]], Any]


def _words(told: Any, key: str, problems: list[Detail]) -> frozenset[str]:
    """The paths of a list's members carry their index; blank ones are no condition."""
    words = words_of(told) if isinstance(told, str) else told
    if not isinstance(words, list | tuple | set | frozenset):
        problems.append(Detail(key, f"must be a list of strings, not {_kind(told)}"))
        return frozenset()
    if len(words) > MOST_WORDS:
        problems.append(Detail(key, f"has {len(words)} members; {MOST_WORDS} are the most"))
        return frozenset()
    kept = [(f"{key}.{index}", word) for index, word in enumerate(words)]
    problems += [Detail(path, problem) for path, word in kept if (problem := _mistake(word))]
    return frozenset(word.strip() for _, word in kept if isinstance(word, str) and word.strip())


def _mistake(word: Any) -> str:
    if not isinstance(word, str):
        return f"must be a string, not {_kind(word)}"
    return f"has {len(word)} characters; {LONGEST_WORD} are the most" if len(word) > LONGEST_WORD else ""


def _members(kind: type[AlertType] | type[Band], noun: str) -> _Reader:
    def read(told: Any, key: str, problems: list[Detail]) -> frozenset[Any]:
        words = sorted(_words(told, key, problems))
        known = {member.value: member for member in kind}
        problems += [Detail(key, _unknown(noun, word, known)) for word in words if word.lower() not in known]
        return frozenset(known[word.lower()] for word in words if word.lower() in known)

    return read


def _priority(told: Any, key: str, problems: list[Detail]) -> int:
    """A query parameter has digits where JSON has a number."""
    number = int(told) if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 3 else told  # noqa: PLR2004 - as long as "10"
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= TOP_PRIORITY:
        return number
    problems.append(Detail(key, f"must be a whole number from 1 to {TOP_PRIORITY}"))
    return 1


def _flag(told: Any, key: str, problems: list[Detail]) -> bool:
    if not isinstance(told, bool):
        problems.append(Detail(key, f"must be true or false, not {_kind(told)}"))
    return told is True


_READ: Mapping[str, _Reader] = {
    "types": _members(AlertType, "type"),
    "bands": _members(Band, "band"),
    "min_priority": _priority,
    "skus": _words,
    "retailers": _words,
    "families": _words,
    "products": _words,
    "unrouted": _flag,
}


def _unknown(noun: str, word: object, known: Iterable[str]) -> str:
    """Names the nearest word there is, else all of them."""
    words = list(known)
    near = difflib.get_close_matches(shown(word).lower(), words, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(words)}"
    return f"unknown {noun} {shown(word)!r}; {meant}"


def _kind(told: Any) -> str:
    """What JSON calls the value."""
    for kind, name in ((bool, "a boolean"), (int | float, "a number"), (str, "a string"), (Mapping, "an object")):
        if isinstance(told, kind):
            return name
    return "null" if told is None else "a list"
