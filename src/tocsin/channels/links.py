"""Addresses from the outside that are handed on to readers: web addresses only, fit for a provider's limits."""

from urllib.parse import urlsplit

from yarl import URL

_SCHEMES = ("http", "https")


def web_address(value: object, limit: int) -> str | None:
    """The address as it goes over the wire, or None where it is no http(s) address of at most `limit` characters.

    One that names a user before its host is refused: it shows another host than it leads to.
    """
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return None
    try:
        written = value if value.isascii() else str(URL(value))
        parts = urlsplit(written)
        named = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return written if named and "@" not in parts.netloc and "\\" not in written and len(written) <= limit else None
