"""A search compares the names of an alert with the words looked for, both without case and accents.

`dashboard/src/search.ts` folds in the same way; `tests/golden/search.json` holds the two together.
"""

import unicodedata
from hashlib import blake2b

from tocsin.core.alert import Alert

# Letters that do not come apart into a plain one and its mark.
_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"} | dict(zip("øđðħıłς", "oddhilσ", strict=True))  # noqa: RUF001 - look-alikes are the point
)


def folded(text: str) -> str:
    """Fold a text to lower case without accents and invisible characters; controls become blanks."""
    if text.isascii() and text.isprintable():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    return "".join(map(_visible, apart)).lower().translate(_PLAIN)


def searched_text(alert: Alert) -> str:
    """Write the names that an alert is found by, folded, one a line."""
    names = (alert.product_name, alert.sku, alert.retailer, alert.variant, alert.seller)
    return "\n".join([folded(name) for name in names if name])


def name_key(text: str) -> int:
    """Number the names of an alert, as `searched_text` writes them, by their digest: the same everywhere."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def searched_words(text: str) -> tuple[str, ...]:
    """Part a search into its words, folded, each once: an alert is found where every one stands somewhere
    in its names.
    """
    return tuple(dict.fromkeys(folded(text).split()))


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Mn" | "Cf":
            return ""
        case "Cc":
            return " "
    return character
