"""JSON with `//` comments, where every key knows its line and column."""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from tocsin.config.reading.problems import KeyPath, Problem, invalid

MAX_SIZE = 1024 * 1024  # characters
MAX_DEPTH = 32


class Place(NamedTuple):
    """Both count from 1; the column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """`places` has the place of the key of each member, and of the value of each list item and of the whole."""

    name: str
    value: Any
    places: Mapping[KeyPath, Place]
    duplicates: tuple[Problem, ...] = ()

    def place(self, path: KeyPath) -> str:
        """`name:line:column` of this path, or of the nearest part of the file that holds it."""
        while path not in self.places:
            path = path[:-1]
        line, column = self.places[path]
        return f"{self.name}:{line}:{column}"


def parse(text: str, name: str) -> Document:
    """Raises InvalidConfigError at the first place that is not JSON; keys that stand twice are told in `duplicates`."""
    scanner = _Scanner(text, name)
    value = scanner.whole()
    return Document(name, value, scanner.places, tuple(scanner.duplicates))


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"(?:[ \t\n\r]+|//[^\n]*)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z_$][\w$-]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS = {"true": True, "false": False, "null": None}
_MAX_DIGITS = 40


class _Scanner:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.at = 0
        self.places: dict[KeyPath, Place] = {}
        self.duplicates: list[Problem] = []
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def whole(self) -> Any:
        if len(self.text) > MAX_SIZE:
            self._fail(f"the file is larger than {MAX_SIZE} characters")
        self._skip_space()
        self.places[()] = self._place(self.at)
        value = self._value(())
        self._skip_space()
        if self.at < len(self.text):
            self._fail("nothing may follow the end of the configuration")
        return value

    def _value(self, path: KeyPath) -> Any:
        if len(path) > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH}")
        match self._next():
            case "{":
                return self._object(path)
            case "[":
                return self._list(path)
            case '"':
                return self._string()
            case _:
                return self._scalar()

    def _object(self, path: KeyPath) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        while not self._closes("}", first=not members):
            start = self.at
            if self._next() != '"':
                self._fail(f"a key in double quotes is expected here{self._hint()}")
            key = self._string()
            self._colon()
            self._remember((*path, key), start, repeated=key in members)
            members[key] = self._value((*path, key))
        return members

    def _list(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while not self._closes("]", first=not items):
            here = (*path, len(items))
            self._remember(here, self.at, repeated=False)
            items.append(self._value(here))
        return items

    def _closes(self, bracket: str, *, first: bool) -> bool:
        """Step over the closing bracket, or over the comma that leads to the next member."""
        self._skip_space()
        if self._next() == bracket:
            self.at += 1
            return True
        if first:
            return False
        if self._next() != ",":
            self._fail(f'"," or "{bracket}" is expected here{self._hint()}')
        comma = self.at
        self.at += 1
        self._skip_space()
        if self._next() == bracket:
            self._fail(f'the comma before "{bracket}" has to go', comma)
        return False

    def _colon(self) -> None:
        self._skip_space()
        if self._next() != ":":
            self._fail(f'":" is expected after a key{self._hint()}')
        self.at += 1
        self._skip_space()

    def _string(self) -> str:
        start = self.at
        try:
            value, self.at = _DECODER.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            self._fail(f"{error.msg.lower()}; a string ends with a double quote on its own line", error.pos)
        if _SURROGATE.search(value):
            self._fail("half a character (a lone surrogate) stands in this string", start)
        return str(value)

    def _scalar(self) -> Any:
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _CONSTANTS:
            self.at = word.end()
            return _CONSTANTS[word[0]]
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            self._fail(f"a value is expected here{self._hint()}")
        value = float(number[0]) if number[1] or number[2] or len(number[0]) > _MAX_DIGITS else int(number[0])
        if not math.isfinite(value):
            self._fail("this number is too large")
        self.at = number.end()
        return value

    def _remember(self, path: KeyPath, start: int, *, repeated: bool) -> None:
        if repeated:
            line, column = self._place(start)
            message = f"this key stands twice; it was first on line {self.places[path].line}"
            self.duplicates.append(Problem(path, message, f"{self.name}:{line}:{column}"))
        self.places[path] = self._place(start)

    def _hint(self) -> str:
        return next((f" ({hint})" for start, hint in _HINTS if self.text.startswith(start, self.at)), self._word_hint())

    def _word_hint(self) -> str:
        if self.at >= len(self.text):
            return " (the file ends too early: a bracket is not closed)"
        return " (words other than true, false and null stand in double quotes)" if self._next().isalpha() else ""

    def _skip_space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _place(self, at: int) -> Place:
        line = bisect_right(self._lines, at)
        return Place(line, at - self._lines[line - 1] + 1)

    def _fail(self, message: str, at: int | None = None) -> NoReturn:
        line, column = self._place(self.at if at is None else at)
        raise invalid(self.name, [Problem((), message, f"{self.name}:{line}:{column}")])


_HINTS = (
    ("'", "strings stand in double quotes"),
    ("/*", "comments start with //"),
    ("#", "comments start with //"),
    (",", "one comma too many"),
    ('"', "a comma is missing before it"),
    (":", "a key is missing before it"),
    ("}", "a bracket is closed that was not opened, or a value is missing"),
    ("]", "a bracket is closed that was not opened, or a value is missing"),
)
