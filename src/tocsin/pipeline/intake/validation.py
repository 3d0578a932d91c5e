"""Words for what is wrong or was mended: short, and with the way to mend it."""

import difflib
import functools
from collections.abc import Sequence
from typing import Any

from tocsin.core.errors import Detail

Mended = tuple[Any, Sequence[Detail]]
"""What was made of a value that is not as it should be, and what was done to it, by paths below its field."""


class MendError(ValueError):
    """A field is not as it should be; the text says how to mend it, and `at` where below the field."""

    def __init__(self, message: str, at: str = "") -> None:
        super().__init__(message)
        self.detail = Detail(at, message)


def below(field: str, detail: Detail) -> Detail:
    """The detail with its whole path."""
    return Detail(f"{field}.{detail.path}" if detail.path else field, detail.message)


@functools.lru_cache(maxsize=256)  # a detector makes the same mistake in every alert
def nearest(word: str, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)


_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def kind_of(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")
