"""Templates of the user: a file replaces the subject, the text or the middle of the HTML of one type's mails.

Why the mail came, how it stops and who wrote it stand below in any case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.channels.template import Blocks, BrokenTemplateError, Language, compiled
from tocsin.channels.text import cut, plain, utf16
from tocsin.core.alert import AlertType

BLOCKS = ("subject", "text", "html")
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
        "type",
        "test",
        "call",
        "lead",
        "image_url",
        "cart_url",
        "url",
        "unsubscribe_url",
        "preferences_url",
        "why",
        "sender",
        "postal_address",
        "metadata",
    )
)
MOST_TEXT = 40_000  # characters of one block: far below what mail programs cut off

_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """Made by `compile_template`."""

    _plain: Blocks
    _html: Blocks

    def parts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The parts of a mail that it replaces; `html` is escaped already. Raises BrokenTemplateError."""
        told = {name: text for name, text in self._plain.written(values).items() if name != "html"}
        told |= {name: text for name, text in self._html.written(values).items() if name == "html"}
        for name, text in told.items():
            if not 0 < len(text) <= MOST_TEXT:
                raise BrokenTemplateError(f"{name}: {len(text)} characters long, {MOST_TEXT} are the most, 1 the least")
        return told


def compile_template(source: str) -> MailTemplate:
    """Raises BrokenTemplateError, with the line; also for one that would break over alerts that say much or little."""
    made = MailTemplate(_PLAIN.compile(source), _HTML.compile(source))
    for values in (_MUCH, _LITTLE):
        made.parts(values)
    return made


def templates_of(files: Mapping[AlertType, Path]) -> Mapping[AlertType, MailTemplate]:
    """Raises UnfitError with every template that is broken, each with its file and line."""
    named = [(("templates", kind.value), file) for kind, file in files.items()]
    made = compiled(named, compile_template)
    return {kind: made[file] for kind, file in files.items()}


def _put_in(value: object) -> str:
    """What every `{{ … }}` goes through. What knows how it is written in HTML stays what it is."""
    if hasattr(value, "__html__") and isinstance(value, str):
        return value
    shown = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return cut(plain(shown), _LONGEST_VALUE, utf16)


_PLAIN = Language(BLOCKS, VARIABLES, _put_in)
_HTML = Language(BLOCKS, VARIABLES, _put_in, in_html=True)
_TEXTS = VARIABLES - {"percent", "priority", "test", "metadata"}
_MUCH: Mapping[str, Any] = {
    **dict.fromkeys(_TEXTS, "something"),
    "percent": 10,
    "priority": 9,
    "test": False,
    "metadata": {},
}
_LITTLE: Mapping[str, Any] = {
    **dict.fromkeys(_TEXTS, ""),
    "percent": 0,
    "priority": 1,
    "test": True,
    "metadata": {},
    "product": "GeForce RTX 5090",
    "retailer": "Best Buy",
    "sku": "6634940",
}
