"""Pydantic's findings in the words of this file: what is expected, what was given, what was probably meant."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from tocsin.config.reading.problems import KeyPath, did_you_mean, dotted
from tocsin.config.schema import fields, keys

# What is said for each kind of finding; other kinds have words of their own.
_MESSAGES: Mapping[str, str] = {
    "missing": "this key is needed",
    "model_type": "an object {…} is expected",
    "model_attributes_type": "an object {…} is expected",
    "dict_type": "an object {…} is expected",
    "mapping_type": "an object {…} is expected",
    "tuple_type": "a list […] is expected",
    "string_type": "text in double quotes is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "decimal_type": "a number is expected",
    "decimal_parsing": "a number is expected",
    "finite_number": "a number is expected",
    "path_type": "the path of a file is expected",
    "string_too_short": "it may not be empty",
    "too_short": "it may not be empty",
    "string_pattern_mismatch": "it is not of the right form",
}

# Only these kinds repeat text that was given: their fields hold no secrets.
_SHOWN = frozenset(
    {"literal_error", "enum", "bool_parsing", "int_parsing", "int_from_float", "float_parsing", "decimal_parsing"}
    | {"greater_than_equal", "less_than_equal", "duration", "rate", "time_of_day", "zone", "target", "network"}
)
_NEVER_SHOWN = frozenset({"secret", "extra_forbidden"})
_MAX_SHOWN = 60
_QUOTED = re.compile(r"'([^']*)'")


def findings(error: ErrorDetails, given: Any) -> Iterator[tuple[KeyPath, str]]:
    """Path and message of each thing that one finding of pydantic stands for. `given` is what the file says there."""
    path = tuple(step for step in error["loc"] if step != "[key]")
    context = error.get("ctx", {})
    if context.get("details"):
        for detail in context["details"]:
            yield (*path, *_steps(detail.path)), detail.message
        return
    yield path, _message(error, path, context) + _given(error["type"], given)


def _message(error: ErrorDetails, path: KeyPath, context: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return unknown_key(path)
    if error["type"] in ("literal_error", "enum"):
        words = _QUOTED.findall(str(context.get("expected", "")))
        word = error["input"] if isinstance(error["input"], str) else ""
        return f"one of {', '.join(words)} is expected{did_you_mean(word, words)}"
    return _MESSAGES.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])


def unknown_key(path: KeyPath) -> str:
    key = str(path[-1])
    near = did_you_mean(key, keys(path[:-1]))
    if near:
        return f"there is no such key{near}"
    home = next((path[:-1] for path, _ in fields() if path[-1] == key), None)
    place = "" if home is None else f"; it belongs under {dotted(home)}" if home else "; it belongs at the top level"
    return f"there is no such key{place}"


def _given(kind: str, given: Any) -> str:
    if kind in _NEVER_SHOWN or given is None or isinstance(given, (dict, list)):
        return ""
    if isinstance(given, str) and kind not in _SHOWN:
        return ""
    shown = json.dumps(given, ensure_ascii=False)
    return f" (given: {shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + '…'})"


def _steps(path: str) -> KeyPath:
    """`skus.0` and `skus[0]` are one path."""
    steps = re.split(r"[.\[\]]+", path)
    return tuple(int(step) if step.isdecimal() else step for step in steps if step and step != "match")
