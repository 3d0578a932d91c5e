"""Templates of the user: a file replaces the title, the description or the fields of one type's embeds.

A template has neither loops nor calls nor arithmetic, so it ends, and soon, whatever the alert says; every value is
escaped where it is put in. All of that is checked when it is compiled.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.channels.discord import limits
from tocsin.channels.discord.markdown import literal

MAX_SOURCE = 10_000  # characters
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
FILTERS = ("capitalize", "default", "lower", "title", "trim", "truncate", "upper")

_LONGEST_VALUE = 300
_ALLOWED = (
    nodes.Template,
    nodes.Block,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.CondExpr,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Filter,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
)


class BrokenTemplateError(ValueError):
    """`line` counts from 1; None where the fault is not in one line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line


class Ready(str):
    """Written for Discord already: put in as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile_template`."""

    _compiled: Compiled = field(repr=False)

    def parts(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parts of an embed that it replaces. Raises BrokenTemplateError where it makes nothing that fits."""
        try:
            written = {name: self._write(block, values) for name, block in self._compiled.blocks.items()}
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise BrokenTemplateError(f"{type(error).__name__}: {error}") from None
        parts = {name: _PARTS[name](text) for name, text in written.items()}
        if limits.embed_length(parts) > MOST_TEXT:
            raise BrokenTemplateError(f"{limits.embed_length(parts)} units long together, {MOST_TEXT} are the most")
        return parts

    def _write(self, block: Callable[[Any], Iterator[str]], values: Mapping[str, Any]) -> str:
        return "".join(block(self._compiled.new_context(dict(values)))).strip()


def compile_template(source: str) -> Template:
    """Raises BrokenTemplateError, with the line, for what is no template or would not be one that surely ends."""
    if len(source) > MAX_SOURCE:
        raise BrokenTemplateError(f"longer than {MAX_SOURCE} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
        _check(tree)
        return Template(_ENVIRONMENT.from_string(tree))
    except TemplateSyntaxError as error:
        raise BrokenTemplateError(error.message or "not a template", error.lineno) from None
    except (TemplateError, RecursionError) as error:
        raise BrokenTemplateError(str(error)) from None


def _check(tree: nodes.Template) -> None:
    for node in tree.body:
        if not isinstance(node, nodes.Block) and not _is_blank(node):
            raise BrokenTemplateError(f"text stands outside of the blocks {', '.join(BLOCKS)}", node.lineno)
    for node in tree.find_all(nodes.Node):
        if problem := _problem(node):
            raise BrokenTemplateError(problem, node.lineno)


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _problem(node: nodes.Node) -> str | None:
    match node:
        case nodes.Block(name=name) if name not in BLOCKS:
            return f"there is no block {name!r}: {', '.join(BLOCKS)}"
        case nodes.Name(name=name) if name not in VARIABLES:
            return f"there is no {name!r}: {', '.join(sorted(VARIABLES))}"
        case nodes.Filter(name=name) if name not in FILTERS:
            return f"there is no filter {name!r}: {', '.join(FILTERS)}"
        case nodes.Getattr(node=nodes.Name(name="metadata")):
            return None
        case nodes.Getattr():
            return "only `metadata` has names of its own: metadata.colour"
    return None if isinstance(node, _ALLOWED) else f"{type(node).__name__.lower()} is not for templates"


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


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(finalize=_put_in, autoescape=False, trim_blocks=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    return environment


_ENVIRONMENT = _environment()
