"""How many segments Twilio bills for a body, read from its documentation and its open segment calculator."""

import unicodedata

_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_TWICE = "\f^{}\\[~]|€"
_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
_TONES = range(0x1F3FB, 0x1F400)


def segments_of(body: str) -> int:
    costs = [_gsm7_cost(character) for character in body]
    if all(costs):
        return _count(costs, alone=160, part=153)
    return _count([len(piece.encode("utf-16-le")) // 2 for piece in _pieces(body)], alone=70, part=67)


def _gsm7_cost(character: str) -> int:
    return 1 if character in _GSM7 else 2 if character in _GSM7_TWICE else 0


def _count(costs: list[int], *, alone: int, part: int) -> int:
    if sum(costs) <= alone:
        return 1
    full = [0]
    for cost in costs:
        if full[-1] + cost > part:
            full.append(0)
        full[-1] += cost
    return len(full)


def _pieces(body: str) -> list[str]:
    """What readers take for one character stays in one part."""
    pieces: list[str] = []
    for character in body:
        if pieces and _goes_on(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _goes_on(piece: str, character: str) -> bool:
    flag = ord(character) in _FLAGS and len(piece) == 1 and ord(piece) in _FLAGS
    joined = character == _JOINER or piece.endswith(_JOINER)
    return joined or flag or ord(character) in _TONES or unicodedata.category(character).startswith("M")
