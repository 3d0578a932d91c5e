"""Templates of the user: a title and a body with `{names}` in them, in place of the built-in ones of a type."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

NAMES = ("product", "retailer", "price", "previous_price", "percent", "sku", "variant", "seller", "stock")
LONGEST_TITLE, LONGEST_BODY = 200, 500  # characters of a template


class BrokenTemplateError(ValueError):
    """It says what is wrong with a template."""


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile_template`. None is the built-in one."""

    title: str | None = None
    body: str | None = None


def compile_template(title: str | None, body: str | None) -> Template:
    """Raises BrokenTemplateError."""
    return Template(_checked(title, LONGEST_TITLE), _checked(body, LONGEST_BODY))


def filled(source: str, values: Mapping[str, str]) -> str:
    """What is not known leaves no gap of two blanks."""
    return " ".join(Formatter().vformat(source, (), values).split())


def _checked(written: str | None, longest: int) -> str | None:
    if written is None:
        return None
    source = " ".join(written.split())
    if not source.isprintable() or not 0 < len(source) <= longest:
        raise BrokenTemplateError(f"a line of 1 to {longest} printable characters")
    for name in _names(source):
        if name not in NAMES:
            raise BrokenTemplateError(f"there is no {{{name}}}: {', '.join(NAMES)}")
    return source


def _names(source: str) -> list[str]:
    try:
        fields = list(Formatter().parse(source))
    except ValueError as problem:
        raise BrokenTemplateError(f"not a template: {problem}; a brace itself is written twice") from None
    for _, name, form, conversion in fields:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise BrokenTemplateError("between braces stands a name alone: {product}")
    return [name for _, name, _, _ in fields if name is not None]
