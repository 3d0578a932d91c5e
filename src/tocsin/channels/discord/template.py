"""Templates of the user: a file replaces the title, the description or the fields of one type's embeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.markdown import literal
from tocsin.channels.template import FILTERS, Blocks, BrokenTemplateError, Language

__all__ = ["BLOCKS", "FILTERS", "VARIABLES", "BrokenTemplateError", "Ready", "Template", "compile_template"]

MOST_TEXT = 4000  # units of UTF-16: leaves room for the parts that stay built in
BLOCKS = ("title", "description", "fields")
VARIABLES = frozenset(
    (
        "product",
        "retailer",
        "sku",
        "variant",
        "seller",
        "price",
        "previous_price",
        "percent",
        "stock",
        "priority",
        "band",
        "url",
        "cart_url",
        "detected",
        "metadata",
    )
)

_LONGEST_VALUE = 300


class Ready(str):
    """Written for Discord already: put in as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile_template`."""

    _blocks: Blocks

    def parts(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parts of an embed that it replaces. Raises BrokenTemplateError where it makes nothing that fits."""
        parts = {name: _PARTS[name](text) for name, text in self._blocks.written(values).items()}
        if limits.embed_length(parts) > MOST_TEXT:
            raise BrokenTemplateError(f"{limits.embed_length(parts)} units long together, {MOST_TEXT} are the most")
        return parts


def compile_template(source: str) -> Template:
    """Raises BrokenTemplateError, with the line."""
    return Template(_LANGUAGE.compile(source))


def _put_in(value: object) -> str:
    """What every `{{ … }}` goes through."""
    if isinstance(value, Ready):
        return value
    shown = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return literal(shown, _LONGEST_VALUE)


def _text(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not 0 < limits.length(text) <= limit:
            raise BrokenTemplateError(f"{limits.length(text)} units long, {limit} are the most and 1 is the least")
        return text

    return check


def _fields(text: str) -> list[dict[str, Any]]:
    """A field a line: `Name: value`."""
    lines = [line.strip().partition(":") for line in text.splitlines() if line.strip()]
    fields = [{"name": name.strip(), "value": value.strip(), "inline": True} for name, _, value in lines]
    for told in fields:
        _text(limits.FIELD_NAME)(str(told["name"]))
        _text(limits.FIELD_VALUE)(str(told["value"]))
    if len(fields) > limits.FIELDS:
        raise BrokenTemplateError(f"{len(fields)} fields, {limits.FIELDS} are the most")
    return fields


_PARTS: Mapping[str, Callable[[str], Any]] = {
    "title": _text(limits.TITLE - 10),  # a test is marked as one
    "description": _text(limits.DESCRIPTION // 4),
    "fields": _fields,
}

_LANGUAGE = Language(BLOCKS, VARIABLES, _put_in)
