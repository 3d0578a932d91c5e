"""A phrase of the user: one line with `{names}` in it, in place of a built-in one."""

from collections.abc import Mapping, Sequence
from string import Formatter

from tocsin.channels.template import BrokenTemplateError


def check_names(source: str, names: Sequence[str]) -> None:
    """Raises BrokenTemplateError for what is no phrase, or has a name in it that is none of these."""
    for name in _names(source):
        if name not in names:
            raise BrokenTemplateError(f"there is no {{{name}}}: {', '.join(names)}")


def filled(source: str, values: Mapping[str, str]) -> str:
    """What is not known leaves no gap of two blanks."""
    return " ".join(Formatter().vformat(source, (), values).split())


def _names(source: str) -> list[str]:
    try:
        fields = list(Formatter().parse(source))
    except ValueError as problem:
        raise BrokenTemplateError(f"not a template: {problem}; a brace itself is written twice") from None
    for _, name, form, conversion in fields:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise BrokenTemplateError("between braces stands a name alone: {product}")
    return [name for _, name, _, _ in fields if name is not None]
