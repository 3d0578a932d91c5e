"""What every channel takes from the configuration."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tocsin.config.values.addresses import BaseUrl, File, Text
from tocsin.config.values.block import Block
from tocsin.config.values.quantities import Duration, Lasting, NotBoolean, RateLimit
from tocsin.core.alert import AlertType
from tocsin.rules.quiet import QuietAction

Mode = Literal["live", "shadow"]
Recipients = Annotated[int, Field(ge=1, le=1_000_000), NotBoolean]


class ChannelSettings(Block):
    # What an enabled channel cannot do without.
    needs: ClassVar[tuple[str, ...]] = ()

    enabled: bool = True
    """Whether it is used at all."""
    api_base: BaseUrl | None = None
    """Another address of the provider: the sandbox, a proxy."""
    rate_limit: RateLimit | None = None
    """A limit of one's own; the strictest of all holds."""
    pacing: Literal["documented", "none"] = "documented"
    """`none` drops documented limits and lets 64 requests be under way; only with an `api_base` on loopback."""
    share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), NotBoolean] = 0.0
    """The fraction that a band's oldest due delivery gets, against starvation; 0 is strictly by priority."""
    max_age: Mapping[AlertType, Lasting] = {}
    """Useful life by alert type, before the top level's."""
    fail_over_after: Duration | None = None
    """When a route's fallback takes over; null: the smaller of 30 s and 20 % of the life."""
    on_lost_answer: Literal["resend", "hold"] | None = None
    """What to do where nobody can say whether a message arrived; null: resend the high band, hold the others."""
    join: Duration | None = None
    """An alert joins a message about the same product that is younger than this; null: each alert is a new one."""
    templates: Mapping[AlertType, File] = {}
    """Templates by alert type."""
    track_links: bool = True
    """Whether links in messages lead by way of this service, which counts clicks; `false`: straight to the shop."""
    mode: Mode = "live"
    """`shadow` decides, records and shows everything and sends nothing."""


class Quiet(Block):
    hours: Text
    """The name of one of `quiet_hours`."""
    do: QuietAction = QuietAction.UNMENTION
    """`unmention`, `silent`, `hold` or `drop`."""


def from_url(value: Any) -> Any:
    """A place whose URL alone is written behind its name."""
    return {"url": value} if isinstance(value, str) or value is None else value
