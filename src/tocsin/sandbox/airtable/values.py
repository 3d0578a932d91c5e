"""Which values a column of Airtable takes, by its type, where nothing is cast.

Source: Airtable's Web API, "Field types and cell values".
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_TAKES: Mapping[str, Callable[[Any], bool]] = {
    "singleLineText": lambda value: isinstance(value, str),
    "multilineText": lambda value: isinstance(value, str),
    "url": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "checkbox": lambda value: isinstance(value, bool),
    "dateTime": _is_time,
}


def fits(kind: str, value: Any) -> bool:
    """Whether a cell takes it. Null empties every cell; a column of another type takes nothing of ours."""
    return value is None or _TAKES.get(kind, lambda _: False)(value)
