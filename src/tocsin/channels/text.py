"""Text from the outside, made fit to be shown: nothing invisible in it, cut only between what a reader sees as one."""

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

ELLIPSIS = "…"
_MOST_MARKS = 4  # accents on one letter that any script needs; what is piled higher is noise

_ZERO_WIDTH_JOINER = "\u200d"
_NON_JOINER = "\u200c"
_JOINERS = frozenset((_ZERO_WIDTH_JOINER, _NON_JOINER))  # Persian and the scripts of India are spelt with them
_TAGS = range(0xE0020, 0xE0080)  # the flags of England, Scotland and Wales are spelt with these
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_HANGUL_INNER = range(0x1160, 0x1200)  # vowels and final consonants
_PILING = frozenset(("Mn", "Me"))
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_PICTURES = frozenset(("So", "Cn"))  # newer emoji are not yet known to this Python


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """One line of it: no controls, no marks of direction, no lone surrogates, no piles of accents, spaces joined."""
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
    """As many whole clusters, each written with `write`, as measure at most `limit` together; `…` where some are left.

    Escapes are never cut in two, because what is measured is what is written.
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
    """Units of UTF-16: the most that any provider counts for a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clusters(text: str) -> Iterator[str]:
    """What a reader takes for one character (UAX #29, without its rarest rules): accents, emoji families, flags."""
    start = 0
    for here in range(1, len(text)):
        if not _belongs(text, start, here):
            yield text[start:here]
            start = here
    if text:
        yield text[start:]


def _belongs(text: str, start: int, here: int) -> bool:
    """Does the character at `here` go on with the cluster that began at `start`?"""
    before, character = text[here - 1], text[here]
    code = ord(character)
    if character in _JOINERS or code in _TAGS or code in _SKIN_TONES or code in _HANGUL_INNER:
        return True
    if unicodedata.category(character).startswith("M"):
        return True
    if code in _FLAG_LETTERS:
        return here - start == 1 and ord(before) in _FLAG_LETTERS
    return before == _ZERO_WIDTH_JOINER and unicodedata.category(character) in _PICTURES


def _closed(written: list[str], limit: int, measure: Callable[[str], int]) -> str:
    """Make room for the ellipsis, and leave no space before it."""
    while written and (measure("".join(written)) + measure(ELLIPSIS) > limit or written[-1].isspace()):
        written.pop()
    return "".join(written) + ELLIPSIS
