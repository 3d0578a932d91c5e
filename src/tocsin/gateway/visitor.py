"""Who knocks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """What an HTTP request says of who sends it: the other end of the connection, and three headers."""

    peer: str
    host: str = ""
    origin: str | None = None
    forwarded_for: str = ""
