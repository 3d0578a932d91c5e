"""Where the service listens, what it keeps, and who may call it."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tocsin.config.values.addresses import (
    BaseUrl,
    HostName,
    LedgerUrl,
    Network,
    Origin,
    RedisUrl,
    ServiceUrl,
    is_loopback,
)
from tocsin.config.values.block import Block
from tocsin.config.values.names import TargetName, TokenText, some
from tocsin.config.values.quantities import Lasting, NotBoolean
from tocsin.core.attribution import LONGEST_WINDOW

_SQLITE = "sqlite:///"

Scope = Literal["ingest", "read", "contacts", "admin"]


class Server(Block):
    host: HostName = "127.0.0.1"
    """The address to listen on. Any other than loopback needs `tokens`."""
    port: Annotated[int, Field(ge=0, le=65535), NotBoolean] = 8765
    """The one port of everything; 0 takes a free one."""
    public_url: BaseUrl | None = None
    """Where people reach the service, for links in messages; a Host and an origin that are known."""
    trusted_proxies: tuple[Network, ...] = ()
    """Addresses or networks whose `X-Forwarded-For` is believed."""
    allowed_origins: tuple[Origin, ...] = ()
    """Pages of other origins that may use live sockets, beside the service's own and that of `public_url`."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Further names that requests may give as their Host, beside loopback, `host` and that of `public_url`."""
    metrics_from: tuple[Network, ...] = ()
    """Addresses or networks that may read `/metrics` without a token."""

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


class Storage(Block):
    url: LedgerUrl = ServiceUrl("sqlite:///tocsin.db")
    """The ledger: `sqlite:///file`, relative to the configuration file, or `postgresql://…`."""
    retention: Lasting | None = timedelta(days=180)
    """How long alerts are kept; null keeps them for ever."""

    @property
    def file(self) -> Path | None:
        """The SQLite file; None where the ledger is a server."""
        url = self.url.reveal()
        return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None

    def placed(self, base: Path) -> "Storage":
        """The same with an absolute path; a relative one starts at `base`."""
        if self.file is None:
            return self
        return self.model_copy(update={"url": ServiceUrl(f"{_SQLITE}{(base / self.file).absolute()}")})


class Cluster(Block):
    url: RedisUrl | None = None
    """Redis or Valkey, where several nodes work together."""


class ConfiguredToken(Block):
    secret: TokenText
    """What the caller sends; 32 random characters or more."""
    scopes: Annotated[tuple[Scope, ...], AfterValidator(some)]
    """What it allows: `ingest`, `read`, `contacts`, `admin` (all of them)."""


class ObjectiveSettings(Block):
    within: Lasting = timedelta(seconds=1)
    """How long after its detection an alert may be told at the latest."""
    of: Annotated[float, Field(ge=90, lt=100), NotBoolean] = 99
    """Of how many percent of each channel's deliveries that is expected."""


class Operators(Block):
    to: tuple[TargetName, ...] = ()
    """Who is told when something needs a human."""
    objective: ObjectiveSettings | None = ObjectiveSettings()
    """When alerts count as told in time; null: nobody asks."""


def _in_window(value: timedelta) -> timedelta:
    if value > LONGEST_WINDOW:
        told = "{days} days at most: what was told longer ago is not looked for"
        raise PydanticCustomError("window", told, {"days": LONGEST_WINDOW.days})
    return value


class Links(Block):
    public_url: BaseUrl | None = None
    """The start of short links, where it is not `server.public_url`."""
    attribution_window: Annotated[Lasting, AfterValidator(_in_window)] = timedelta(days=1)
    """How long after a click a purchase counts as its; 60 days at most."""
    bought_mute: Lasting = timedelta(days=30)
    """How long who bought a product hears no more of it."""
    ask_every: Lasting | None = timedelta(days=7)
    """How often at most a mail asks its reader what came of the link that was followed last; null: never."""
