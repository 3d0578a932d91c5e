"""GSM-7, the alphabet of texts: what it holds, and how other writing is brought into it (3GPP TS 23.038, 6.2.1).

Its lower case has no ç, as Twilio's own segment calculator has it; its upper case has Ç.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and the character: two septets, never parted

# What reads the same, or is read for it. What only decorates a name goes without a trace.
_READ_AS: Mapping[str, str] = MappingProxyType(
    dict(zip("‘’‚‛′´`", "'" * 7, strict=True))  # noqa: RUF001 - look-alikes are the point
    | dict(zip("“”„‟″«»", '"' * 7, strict=True))
    | dict(zip("‐‑‒–—―−•·", "-" * 9, strict=True))  # noqa: RUF001
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))  # noqa: RUF001
    | dict(zip("АВЕЅІЈКМНОРСТХ", "ABESIJKMHOPCTX", strict=True))  # noqa: RUF001
    | dict(zip("łŁđĐıħ×⁄÷", "lLdDihx//", strict=True))  # noqa: RUF001
    | {"ð": "d", "þ": "th", "œ": "oe", "Œ": "OE", "…": "...", "→": "->", "ẞ": "ss", "₹": "Rs", "№": "No"}
    | dict.fromkeys("™®©℠", "")
)  # fmt: skip


def is_gsm7(text: str) -> bool:
    return all(character in _BASIC or character in _EXTENSION for character in text)


def septets(text: str) -> int:
    """How much room a text takes that is GSM-7."""
    return len(text) + sum(character in _EXTENSION for character in text)


def to_gsm7(text: str) -> str:
    """The text as GSM-7 can say it: accents it does not have go, look-alikes are replaced, the rest is left out."""
    return text if is_gsm7(text) else "".join(map(_nearest, unicodedata.normalize("NFC", text)))


def _nearest(character: str) -> str:
    if is_gsm7(character):
        return character
    if character in _READ_AS:
        return _READ_AS[character]
    if character.isspace():
        return " "
    apart = unicodedata.normalize("NFKD", character)
    return "" if apart == character else "".join(map(_nearest, apart))
