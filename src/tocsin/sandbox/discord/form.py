"""Checking a form as Discord does: a table of rules goes in, its tree of errors comes out.

The shape of the tree is documented (Discord documentation, "Error Messages"); the code words are as seen in the
wild and nobody should depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

Path = tuple[str | int, ...]


class Problems:
    def __init__(self) -> None:
        self._found: list[tuple[Path, str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: Path, code: str, message: str) -> None:
        self._found.append((path, code, message))

    def tree(self) -> dict[str, Any]:
        """`{"embeds": {"0": {"title": {"_errors": [{"code", "message"}]}}}}`."""
        root: dict[str, Any] = {}
        for path, code, message in self._found:
            branch = root
            for step in path:
                branch = branch.setdefault(str(step), {})
            branch.setdefault("_errors", []).append({"code": code, "message": message})
        return root


class Rule(Protocol):
    def check(self, value: Any, path: Path, problems: Problems) -> None: ...


@dataclass(frozen=True, slots=True)
class Text:
    """White space around it is trimmed and not counted; length is in code points."""

    at_most: int
    at_least: int = 0

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(path, "STRING_TYPE_CONVERT", "Could not interpret this as string.")
        elif not self.at_least <= len(value.strip()) <= self.at_most:
            problems.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {self.at_least} and {self.at_most} in length.")


@dataclass(frozen=True, slots=True)
class Url:
    at_most: int
    schemes: tuple[str, ...] = ("http", "https")

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        before = Problems()
        Text(self.at_most).check(value, path, before)
        if before:
            Text(self.at_most).check(value, path, problems)
        elif value and _scheme(value) not in self.schemes:
            problems.add(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {self.schemes}.")


@dataclass(frozen=True, slots=True)
class Whole:
    at_least: int
    at_most: int

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.add(path, "NUMBER_TYPE_COERCE", "Value is not int.")
        elif value > self.at_most:
            problems.add(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {self.at_most}.")
        elif value < self.at_least:
            problems.add(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {self.at_least}.")


@dataclass(frozen=True, slots=True)
class Flag:
    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, bool):
            problems.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


@dataclass(frozen=True, slots=True)
class Moment:
    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(path, "STRING_TYPE_CONVERT", "Could not interpret this as string.")
            return
        try:
            datetime.fromisoformat(value)
        except ValueError:
            problems.add(path, "DATE_TIME_TYPE_PARSE", "Could not parse this. Should be ISO8601.")


@dataclass(frozen=True, slots=True)
class Snowflake:
    def check(self, value: Any, path: Path, problems: Problems) -> None:
        text = value if isinstance(value, str) else ""
        if not (text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")):
            problems.add(path, "NUMBER_TYPE_COERCE", "Value is not snowflake.")


@dataclass(frozen=True, slots=True)
class Choice:
    of: tuple[str | int, ...]

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in self.of:
            problems.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {self.of}.")


@dataclass(frozen=True, slots=True)
class Many:
    of: Rule
    at_most: int
    at_least: int = 0
    unique: bool = False
    nulls: bool = False

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
            return
        if not self.at_least <= len(value) <= self.at_most:
            problems.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {self.at_least} and {self.at_most} in length.")
        if self.unique and len({repr(item) for item in value}) < len(value):
            problems.add(path, "SET_TYPE_CONTAINS_DUPLICATES", "The list contains duplicates.")
        for number, item in enumerate(value):
            if not (self.nulls and item is None):
                self.of.check(item, (*path, number), problems)


@dataclass(frozen=True, slots=True)
class Form:
    """Keys that are not in the table are ignored; null is as good as absent, but for those that are required."""

    fields: Mapping[str, Rule]
    required: tuple[str, ...] = ()

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType.")
            return
        for name in self.required:
            if value.get(name) is None:
                problems.add((*path, name), "BASE_TYPE_REQUIRED", "This field is required")
        for name, rule in self.fields.items():
            if value.get(name) is not None:
                rule.check(value[name], (*path, name), problems)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Forms that tell themselves apart by their number `type`."""

    by_type: Mapping[int, Rule]

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, bool) or not isinstance(kind, int) or kind not in self.by_type:
            problems.add((*path, "type"), "UNION_TYPE_CHOICES", f"Value of field must be one of {tuple(self.by_type)}.")
        else:
            self.by_type[kind].check(value, path, problems)


def _scheme(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return parts.scheme if parts.netloc else ""
