"""A secret is a value that cannot be printed: not by accident, not by a traceback, not by a log line."""

import hmac

SHORTEST_TOKEN, LONGEST_TOKEN = 16, 1000  # characters


class Secret:
    """A secret wraps a token, a key or a URL that carries one. `reveal()` is the only way to read it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_octets(self._value), _octets(other._value))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not pickled, copied or dumped")


def token_fault(token: Secret) -> str | None:
    """Say why no caller could send this as a token, or anybody could guess it; None for one that is fit.

    It travels in a header, whose ends are trimmed on the way, and which carries ASCII alone (RFC 9110, section 5.5).
    """
    text = token.reveal()
    if not SHORTEST_TOKEN <= len(text) <= LONGEST_TOKEN:
        return f"a token has {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters"
    return None if is_key(text) else "a token is of printable ASCII characters, without blanks at its ends"


def is_key(text: str) -> bool:
    """Whether a header can carry it to whoever knows it, and bring it there as it is."""
    return text.isascii() and text.isprintable() and text == text.strip()


def _octets(value: str) -> bytes:
    """An environment may hold bytes that are no text: Python reads them as lone surrogates."""
    return value.encode(errors="surrogatepass")
