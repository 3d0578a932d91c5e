"""Text from the outside is made fit to be shown: nothing invisible in it, cut only between what a reader sees as one.

Example: `cut(plain("Größe 👍🏽👍🏽"), 9, utf16)` is `"Größe…"`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

import regex

ELLIPSIS = "…"
_MAILBOX = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_MOST_MARKS = 4  # accents on one letter that any script needs; what is piled higher is noise

_JOINERS = frozenset("\u200c\u200d")  # Persian and the scripts of India are spelt with them
_TAGS = range(0xE0020, 0xE0080)  # the flags of England, Scotland and Wales are spelt with these
_PILING = frozenset(("Mn", "Me"))
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
# Flags go first, two letters each: at every letter `\X` alone looks back over the whole row of them.
_CLUSTER = regex.compile(r"\p{RI}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X")


def without_mailboxes(text: str) -> str:
    """Mask whose mail a provider's words speak of: that is nobody's business on a timeline."""
    return _MAILBOX.sub("***", text)


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Make one line of the text: no controls, no marks of direction, no lone surrogates, no piles of accents, spaces
    joined.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(_shown(text)).split())


def _shown(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in _PILING else marks if kind in _HIDDEN else 0
        if character.isspace():
            yield " "
        elif kind not in _HIDDEN or character in _JOINERS or ord(character) in _TAGS:
            yield character if marks <= _MOST_MARKS else ""


def cut(text: str, limit: int, measure: Callable[[str], int], write: Callable[[str], str] = str) -> str:
    """Keep as many whole clusters, each written with `write`, as `measure` at most `limit` together; `…` stands for the
    rest.

    What is measured is what is written, so escapes are never cut in two. `limit` is in the units of `measure`.
    """
    written: list[str] = []
    room = limit
    for cluster in clusters(text):
        piece = write(cluster)
        room -= measure(piece)
        if room < 0:
            return _closed(written, limit, measure)
        written.append(piece)
    return "".join(written)


def utf16(text: str) -> int:
    """Count the units of UTF-16: the most that any provider counts for a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clusters(text: str) -> Iterator[str]:
    """Part the text into what a reader takes for one character each: accents, emoji families, flags (UAX #29, extended
    grapheme clusters).
    """
    return (found[0] for found in _CLUSTER.finditer(text))


def _closed(written: list[str], limit: int, measure: Callable[[str], int]) -> str:
    """Close what was cut with an ellipsis: room is made for it, and no space is left before it."""
    while written and (measure("".join(written)) + measure(ELLIPSIS) > limit or written[-1].isspace()):
        written.pop()
    return "".join(written) + ELLIPSIS
