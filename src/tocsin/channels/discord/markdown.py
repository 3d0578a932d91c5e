"""Names from the outside inside Discord's markdown: shown as they are, never obeyed.

Escaped is what means something where it stands, and no more, because notifications on phones show the backslashes.
"""

import re

from tocsin.channels.discord.limits import length
from tocsin.channels.text import cut, plain

ZERO_WIDTH_SPACE = "\u200b"
_LOOKED_AT = 16  # characters for each unit of room: so many may hide before one is seen

_ANYWHERE = re.compile(r"[\\*_~`|\[\]<]")
_LINE_START = re.compile(r"^(?:[#>\-+]|\d+(?=[.)]))")  # heading, quote, list, subtext
_LINK = re.compile(r"(?<=[A-Za-z]):(?=/)")  # https://


def literal(text: str, limit: int) -> str:
    """One line that reads as `text`, at most `limit` units long, escapes included."""
    whole = plain(text[: _LOOKED_AT * limit])
    escaped = _escape(whole)
    if length(escaped) <= limit:
        return escaped
    return _escape_line(cut(whole, limit - 2, length, _escape_inside))


def caption(text: str, limit: int) -> str:
    """The same for places that know no markdown (author, button, name of a post)."""
    whole = plain(text[: _LOOKED_AT * limit])
    shown = _disarmed(whole)
    return shown if length(shown) <= limit else cut(whole, limit, length, _disarmed)


def _escape(text: str) -> str:
    return _escape_line(_escape_inside(text))


def _escape_inside(text: str) -> str:
    escaped = _ANYWHERE.sub(r"\\\g<0>", text)
    return _unmentioned(_LINK.sub(r"\\:", escaped))


def _unmentioned(text: str) -> str:
    return text.replace("@", "@" + ZERO_WIDTH_SPACE)


def _disarmed(text: str) -> str:
    """Where a backslash would be shown, what begins every markup of Discord (`<@…>`, `</…>`) is parted from it."""
    return _unmentioned(text).replace("<", "<" + ZERO_WIDTH_SPACE)


def _escape_line(text: str) -> str:
    marked = _LINE_START.match(text)
    if marked is None:
        return text
    return f"{marked[0]}\\{text[marked.end() :]}" if marked[0].isdigit() else f"\\{text}"
