"""The fields of a detection: how each is read and mended, and how it is described to those who send it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tocsin.core.alert import TOP_PRIORITY, AlertType
from tocsin.pipeline.intake.fields import (
    mended_link,
    mended_name,
    name,
    optional_word,
    read_currency,
    read_price,
    read_priority,
    read_timestamp,
    read_type,
    read_url,
    word,
)
from tocsin.pipeline.intake.metadata import mended_metadata, read_metadata
from tocsin.pipeline.intake.validation import Mended

_TEXT: Mapping[str, Any] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a detection.

    `read` returns the checked value or raises MendError. `form` is the JSON schema of what it takes; `about` tells
    people what the field means. `mend` makes what it can of a value that `read` does not take: without it such a value
    makes the alert invalid. What is not `required` may be left out, null or empty.

    Example: `FIELDS["sku"].read(" 6634940 ")` is `"6634940"`.
    """

    read: Callable[[Any], Any]
    form: Mapping[str, Any]
    about: str
    mend: Callable[[Any], Mended] | None = None
    required: bool = False


def _word(limit: int, about: str, *, required: bool = False, optional: bool = False) -> Field:
    """A name that programs compare, of `limit` characters at most."""
    form = {**_TEXT, "maxLength": limit} if optional else {**_TEXT, "minLength": 1, "maxLength": limit}
    return Field((optional_word if optional else word)(limit), form, about, required=required)


def _name(limit: int, about: str) -> Field:
    """A name that people read; what is beyond `limit` characters is cut off."""
    return Field(name(limit), _TEXT, f"{about}; cut after {limit} characters.", mended_name(limit))


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "type": Field(
            read_type, {"enum": [kind.value for kind in AlertType]}, "What happened to the product.", required=True
        ),
        "sku": _word(128, "What the retailer calls the product.", required=True),
        "retailer": _word(64, "In any of the spellings that the file knows.", required=True),
        "price": Field(
            read_price,
            {"anyOf": [{"type": "number", "minimum": 0}, _TEXT]},
            "At least 0, a number or a decimal text; required for `in_stock` and `price_drop`. A number is rounded to"
            " its currency.",
        ),
        "currency": Field(read_currency, _TEXT, "ISO 4217; `USD` unless it is said."),
        "product_name": _name(512, "As people read it"),
        "url": Field(
            read_url, _TEXT, "Where it is for sale: http or https; blanks in it are encoded.", mended_link(read_url)
        ),
        "priority": Field(
            read_priority,
            {"type": "integer", "minimum": 1, "maximum": TOP_PRIORITY},
            "By default 9, 8, 5, 2 in the order of the types, 10 for a SKU in `priority_skus`.",
        ),
        "timestamp": Field(
            read_timestamp,
            {**_TEXT, "format": "date-time"},
            "Time of detection, RFC 3339 with its zone; now by default, and at most 5 minutes ahead.",
        ),
        "variant": _word(128, "Colour, size: tells episodes apart.", optional=True),
        "seller": _word(128, "On a market place: tells episodes apart.", optional=True),
        "metadata": Field(
            read_metadata,
            {"type": "object"},
            "At most 16 KiB and 8 deep. With a meaning: `image_url`, `previous_price`, `cart_url`, `deep_links` (`ios`,"
            " `android`), `sound`, `stock`.",
            mended_metadata,
        ),
        "idempotency_key": _word(255, "The same alert with the same key gets the same answer for 24 h."),
    }
)
