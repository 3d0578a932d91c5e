"""Templates of the user: a title and a body with `{names}` in them, in place of the built-in ones of a type."""

from dataclasses import dataclass

from tocsin.channels.phrase import check_names
from tocsin.channels.template import BrokenTemplateError

__all__ = ["NAMES", "BrokenTemplateError", "Template", "compile_template"]

NAMES = ("product", "retailer", "price", "previous_price", "percent", "sku", "variant", "seller", "stock")
LONGEST_TITLE, LONGEST_BODY = 200, 500  # characters of a template


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile_template`. None is the built-in one."""

    title: str | None = None
    body: str | None = None


def compile_template(title: str | None, body: str | None) -> Template:
    """Raises BrokenTemplateError."""
    return Template(_checked(title, LONGEST_TITLE), _checked(body, LONGEST_BODY))


def _checked(written: str | None, longest: int) -> str | None:
    if written is None:
        return None
    source = " ".join(written.split())
    if not source.isprintable() or not 0 < len(source) <= longest:
        raise BrokenTemplateError(f"a line of 1 to {longest} printable characters")
    check_names(source, NAMES)
    return source
