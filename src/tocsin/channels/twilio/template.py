"""Templates of the user: one text with `{names}` in it, in place of the built-in one of a type."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.channels.phrase import check_names, filled
from tocsin.channels.template import BrokenTemplateError
from tocsin.channels.twilio.gsm7 import is_gsm7
from tocsin.channels.twilio.segments import LONGEST, encoding, segments

__all__ = ["EMOJI", "NAMES", "BrokenTemplateError", "Template", "compile_template"]

NAMES = (
    "product", "retailer", "price", "previous_price", "percent", "sku", "variant", "seller", "stock", "link",
)  # fmt: skip

EMOJI = "🚨 {product} available at {retailer}! {price} - {link}"
"""The text with the siren, which is UCS-2: `"template": "emoji"`."""

_PRESETS = {"emoji": EMOJI}
_USUAL: Mapping[str, str] = {
    "product": "GeForce RTX 5090 Founders Ed.",
    "retailer": "Best Buy",
    "price": "$1,999.99",
    "previous_price": "$2,199.99",
    "percent": "10",
    "sku": "6634940",
    "variant": "32 GB",
    "seller": "Best Buy",
    "stock": "4",
    "link": "https://alerts.example/r/1x7GhQ2kZ",
}


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `compile_template`. `segments` is what its usual text takes: longer names are shortened to that.

    `is_unicode`: it asks for more than GSM-7, and then names keep their own writing too.
    """

    source: str
    segments: int
    is_unicode: bool

    def written(self, values: Mapping[str, str]) -> str:
        return filled(self.source, values)

    @property
    def cost(self) -> str:
        """What operators are told of it before it is used."""
        reason = f", for its {self._beyond}" if self.is_unicode else ""
        plural = "" if self.segments == 1 else "s"
        return f"{self.segments} segment{plural} a text ({encoding(self.source)}{reason})"

    @property
    def _beyond(self) -> str:
        return next(character for character in self.source if not is_gsm7(character))


def compile_template(written: str) -> Template:
    """`written` is a text, or the name of a preset. Raises BrokenTemplateError."""
    source = " ".join(_PRESETS.get(written, written).split())
    if not source.isprintable():
        raise BrokenTemplateError("a text is of printable characters")
    check_names(source, NAMES)
    usual = filled(source, _USUAL)
    if not 0 < len(usual) <= LONGEST:
        raise BrokenTemplateError(f"{len(usual)} characters long: 1 to {LONGEST} are a text")
    return Template(source, segments(usual), not is_gsm7(source))
