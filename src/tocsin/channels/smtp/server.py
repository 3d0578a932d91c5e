"""Where the mail server is, as one URL says it, and how it is spoken to."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from tocsin.config.values.addresses import is_loopback
from tocsin.core.secret import Secret

_STARTTLS = "starttls"
_MEANT = "smtps://user:password@host, or smtp://user:password@host:587"


class Cover(StrEnum):
    """What hides the mails from whoever listens on the way."""

    TLS = "tls"  # from the first byte on (RFC 8314)
    STARTTLS = "starttls"  # from the second command on, or nothing is said at all (RFC 3207)
    NONE = "none"  # on this machine, or where an operator wants it so


_PORTS = {Cover.TLS: 465, Cover.STARTTLS: 587, Cover.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    host: str
    port: int
    cover: Cover
    user: str | None = None
    password: Secret | None = None

    @classmethod
    def of(cls, written: Secret) -> "MailServer":
        """Read `smtps://user:password@host`, or `smtp://…` where TLS is begun by STARTTLS: not on this machine itself,
        and anywhere else only not with `?starttls=no`. Raises ValueError, with a text that repeats nothing of it.
        """
        try:
            url = urlsplit(written.reveal())
            port = url.port
        except ValueError:
            raise ValueError(f"a mail server is written {_MEANT}") from None
        if url.scheme not in ("smtp", "smtps") or not url.hostname or url.path.strip("/") or url.fragment:
            raise ValueError(f"a mail server is written {_MEANT}")
        if (url.username is None) is not (url.password is None):
            raise ValueError("a mail server wants a user and a password, or neither")
        cover = _cover(url.scheme, url.hostname, url.query)
        user, password = (None if part is None else unquote(part) for part in (url.username, url.password))
        if any(not (part.isprintable() and part) for part in (user, password) if part is not None):
            raise ValueError("user and password of a mail server are printable; what has a meaning in URLs is quoted")
        return cls(
            host=url.hostname,
            port=port or _PORTS[cover],
            cover=cover,
            user=user,
            password=None if password is None else Secret(password),
        )

    @property
    def login_is_overheard(self) -> bool:
        """Whether the password would go over a network as it is."""
        return self.cover is Cover.NONE and self.user is not None and not is_loopback(self.host)


def _cover(scheme: str, host: str, query: str) -> Cover:
    told = parse_qs(query, keep_blank_values=True)
    wish = told.pop(_STARTTLS, [None])
    if told or wish not in (["yes"], ["no"], [None]) or (scheme == "smtps" and wish != [None]):
        raise ValueError("behind the host of a mail server stands nothing but ?starttls=no or ?starttls=yes (of smtp)")
    if scheme == "smtps":
        return Cover.TLS
    wanted = wish == ["yes"] or (wish == [None] and not is_loopback(host))
    return Cover.STARTTLS if wanted else Cover.NONE
