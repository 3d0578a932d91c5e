"""`match`: which alerts. The rules read it; here it gets its place in the file."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.core.alert import TOP_PRIORITY, AlertType, Band
from tocsin.core.errors import InvalidRequestError
from tocsin.rules.match import Match, parse_match


def match(value: object) -> Match:
    """Problems inside keep their own paths: they travel in the context of the error."""
    return _match(value, unrouted_allowed=False)


def route_match(value: object) -> Match:
    return _match(value, unrouted_allowed=True)


def write_match(value: Match) -> dict[str, Any]:
    """Only the conditions that it has."""
    return {
        key: sorted(held) if isinstance(held := getattr(value, key), frozenset) else held
        for key, default in _NO_CONDITION.items()
        if getattr(value, key) != default
    }


def _match(value: object, *, unrouted_allowed: bool) -> Match:
    if not isinstance(value, Mapping):
        raise PydanticCustomError("match", "an object of conditions is expected", {"details": []})
    try:
        return parse_match(value, unrouted_allowed=unrouted_allowed)
    except InvalidRequestError as error:
        raise PydanticCustomError("match", error.message, {"details": list(error.details)}) from None


_NO_CONDITION: Mapping[str, Any] = {
    "types": frozenset(),
    "bands": frozenset(),
    "min_priority": 1,
    "skus": frozenset(),
    "retailers": frozenset(),
    "families": frozenset(),
    "products": frozenset(),
    "unrouted": False,
}


def _words(meaning: str, known: list[str] | None = None) -> dict[str, Any]:
    items = {"enum": known} if known else {"type": "string"}
    return {"type": "array", "items": items, "default": [], "description": meaning}


_MATCH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "types": _words("Alert types: one of these.", [kind.value for kind in AlertType]),
        "bands": _words("Bands: one of these.", [band.value for band in Band]),
        "min_priority": {
            "type": "integer",
            "minimum": 1,
            "maximum": TOP_PRIORITY,
            "default": 1,
            "description": "At least this priority.",
        },
        "skus": _words("SKUs, or `retailer:sku`."),
        "retailers": _words("Retailers, in any of their spellings."),
        "families": _words("Families of products."),
        "products": _words("Products by name."),
    },
}
_UNROUTED = {
    "type": "boolean",
    "default": False,
    "description": "Only in routes: alerts that no route before matched.",
}
_ROUTE_MATCH_SCHEMA = {**_MATCH_SCHEMA, "properties": {**_MATCH_SCHEMA["properties"], "unrouted": _UNROUTED}}
Conditions = Annotated[Match, PlainValidator(match), PlainSerializer(write_match), WithJsonSchema(_MATCH_SCHEMA)]
RouteConditions = Annotated[
    Match, PlainValidator(route_match), PlainSerializer(write_match), WithJsonSchema(_ROUTE_MATCH_SCHEMA)
]
