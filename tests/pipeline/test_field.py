"""The table of fields says of each what it takes; the reader beside it has to agree."""

from typing import Any

import jsonschema
import pytest

from tocsin.pipeline.intake.field import FIELDS
from tocsin.pipeline.intake.validation import MendError

LENGTHS = (1, 64, 65, 128, 129, 255, 256)
SAMPLES: list[Any] = [
    *("x" * length for length in LENGTHS),
    *(0, 1, 10, 11, -1, 1.5, 3.0, True),
    *("in_stock", "sold", "USD", "1999.99", "2026-11-20T14:00:00Z", "https://shop.example/p", {"a": 1}, ["x"]),
]
WORDS = ("sku", "retailer", "variant", "seller", "idempotency_key")


def is_taken(field: str, value: Any) -> bool:
    try:
        FIELDS[field].read(value)
    except MendError:
        return False
    return True


def is_described(field: str, value: Any) -> bool:
    return jsonschema.Draft202012Validator(FIELDS[field].form).is_valid(value)


@pytest.mark.parametrize("field", FIELDS)
def test_what_a_field_takes_is_described(field: str):
    taken = [value for value in SAMPLES if is_taken(field, value)]
    assert taken
    assert [value for value in taken if not is_described(field, value)] == []


@pytest.mark.parametrize("field", WORDS)
def test_a_names_limit_is_the_one_that_is_described(field: str):
    texts = ["x" * length for length in LENGTHS]
    assert [is_described(field, text) for text in texts] == [is_taken(field, text) for text in texts]
