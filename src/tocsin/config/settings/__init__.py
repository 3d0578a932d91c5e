"""The blocks of the configuration file, as values."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from tocsin.channels.settings import Mode
from tocsin.config.settings.channels import Channels
from tocsin.config.settings.costs import Costs
from tocsin.config.settings.decisions import (
    Dedup,
    Filters,
    ProductSettings,
    QuietHoursSettings,
    RetailerSettings,
    RouteSettings,
)
from tocsin.config.settings.history import History
from tocsin.config.settings.people import People
from tocsin.config.settings.server import Cluster, ConfiguredToken, Links, Operators, Server, Storage
from tocsin.config.values.addresses import File, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import Name
from tocsin.config.values.quantities import Lasting, write_duration
from tocsin.core.alert import AlertType
from tocsin.rules.filters import MAX_AGE


class Alerts(Block):
    channels: Channels = Channels()
    """The ways out."""
    filters: Filters = Filters()
    """What nobody wants to hear of."""


def _with_defaults(given: Mapping[AlertType, timedelta]) -> Mapping[AlertType, timedelta]:
    return {**MAX_AGE, **given}


class Settings(Block):
    """The whole file."""

    schema_url: Annotated[str | None, Field(alias="$schema")] = None
    """The schema of this file, for editors."""
    mode: Mode = "live"
    """`shadow` decides, records and shows everything and sends nothing."""
    env_file: File | None = None
    """`NAME=value` lines, for variables that the environment does not have."""
    server: Server = Server()
    """Where the service listens, and who may come in."""
    storage: Storage = Storage()
    """What it keeps, and for how long."""
    cluster: Cluster = Cluster()
    """Several nodes as one service."""
    tokens: Mapping[Name, ConfiguredToken] = {}
    """Callers by name."""
    operators: Operators = Operators()
    """Who looks after the service."""
    alerts: Alerts = Alerts()
    """Channels and filters."""
    products: Mapping[Text, ProductSettings] = {}
    """What belongs together."""
    retailers: Mapping[Text, RetailerSettings] = {}
    """What is known of shops; unlisted ones pass."""
    dedup: Dedup = Dedup()
    """When the same fact is news again."""
    max_age: Annotated[Mapping[AlertType, Lasting], AfterValidator(_with_defaults)] = Field(
        default_factory=lambda: dict(MAX_AGE),
        json_schema_extra={"default": {kind.value: write_duration(life) for kind, life in MAX_AGE.items()}},
    )
    """Useful life by alert type; types that are not named keep theirs."""
    quiet_hours: Mapping[Text, QuietHoursSettings] = {}
    """Named hours with less noise."""
    routes: tuple[RouteSettings, ...] | None = None
    """Who hears of what; left out, the high band goes to the target `high_priority`, the rest to `general`."""
    history: History = History()
    """Copies of the history in other places."""
    links: Links = Links()
    """Short links in messages."""
    people: People = People()
    """Whom the service knows, and what they are asked."""
    costs: Costs = Costs()
    """What telling people costs."""
