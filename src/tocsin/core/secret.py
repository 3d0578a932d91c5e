"""A value that cannot be printed: not by accident, not by a traceback, not by a log line."""

import hmac


class Secret:
    """Wraps a token, a key or a URL that carries one. `reveal()` is the only way to read it."""

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


def _octets(value: str) -> bytes:
    """An environment may hold bytes that are no text: Python reads them as lone surrogates."""
    return value.encode(errors="surrogatepass")
