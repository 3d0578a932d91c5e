"""How many segments a text takes, as Twilio counts and bills them, part by part.

One part holds 160 septets of GSM-7 or 70 units of UCS-2; of several, each holds 153 or 67. Nothing that belongs
together is split over two parts: no extension character, no surrogate pair, no emoji of several code points (Twilio,
"sms-segments-calculator").
"""

from collections.abc import Iterable, Iterator

from tocsin.channels.text import clusters, utf16
from tocsin.channels.twilio.gsm7 import is_gsm7, septets

LONGEST = 1600  # units of a body that Twilio takes at all (error 21617)

_ALONE_GSM7, _PART_GSM7 = 160, 153
_ALONE_UCS2, _PART_UCS2 = 70, 67


def segments(text: str) -> int:
    """At least 1. One character beyond GSM-7 makes a text UCS-2 as a whole."""
    if is_gsm7(text):
        return 1 if septets(text) <= _ALONE_GSM7 else _parts(map(septets, text), _PART_GSM7)
    return 1 if utf16(text) <= _ALONE_UCS2 else _parts(_ucs2_sizes(text), _PART_UCS2)


def encoding(text: str) -> str:
    return "GSM-7" if is_gsm7(text) else "UCS-2"


def _parts(sizes: Iterable[int], room: int) -> int:
    parts, free = 1, room
    for size in sizes:
        if size > free:
            parts, free = parts + 1, room
        free -= size
    return parts


def _ucs2_sizes(text: str) -> Iterator[int]:
    """Of what stays together. What would fill more than a part, such as a pile of accents, comes apart after all."""
    for cluster in clusters(text):
        size = utf16(cluster)
        if size <= _PART_UCS2:
            yield size
        else:
            yield from map(utf16, cluster)
