"""A callback is a call of a provider, as it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback came to `/hooks/{provider}/{kind}`; signatures are over these very bytes.

    Names of headers are in lower case; `url` is what the provider was given to call: `public_url` with the path and the
    query.
    """

    kind: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime
