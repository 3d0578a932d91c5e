r"""A word list is written as one text, as in query strings: `a,b`. A comma inside a word is written `\,`."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"(?:^|,)((?:\\[\\,]|[^,])*)")
_ESCAPE = re.compile(r"([\\,])")
_ESCAPED = re.compile(r"\\([\\,])")


def words_of(text: str) -> list[str]:
    r"""`\\` is a backslash before a comma; before anything else a backslash stands for itself."""
    return [_ESCAPED.sub(r"\1", word) for word in _WORD.findall(text)]


def text_of(words: Iterable[str]) -> str:
    """Write the words as one text, which `words_of` reads."""
    return ",".join(_ESCAPE.sub(r"\\\1", word) for word in words)
