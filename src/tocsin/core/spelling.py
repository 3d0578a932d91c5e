"""The one spelling of what programs compare: SKUs, retailers, variants, sellers; and how a stranger's word is shown."""

import re
import unicodedata

# Characters that only steer how others are shown: zero widths, soft hyphens, directions.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")

_MAX_SHOWN = 64


def spelled(text: str) -> str:
    """Spell a name in its one way: composed (NFC), without what cannot be seen and without blanks around it, each blank
    inside one space.

    So two names that look the same are the same. Spelling what is spelled changes nothing.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", text)).split())


def shown(word: object) -> str:
    """Show a stranger's word as an answer can repeat it: short, and without halves of characters."""
    return str(word)[:_MAX_SHOWN].encode(errors="replace").decode()
