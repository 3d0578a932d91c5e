"""The blocks of the configuration file, as values."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from tocsin.config.settings.block import Block
from tocsin.config.settings.channel import Channel, Mode
from tocsin.config.settings.costs import Costs
from tocsin.config.settings.decisions import (
    Dedup,
    Filters,
    ProductSettings,
    QuietHoursSettings,
    RetailerSettings,
    RouteSettings,
)
from tocsin.config.settings.discord import Discord
from tocsin.config.settings.people import Email, People, Push, Sms, Voice
from tocsin.config.settings.places import Apprise, Slack, Telegram
from tocsin.config.settings.server import Cluster, ConfiguredToken, History, Links, Operators, Server, Storage
from tocsin.config.settings.webhook import Webhooks
from tocsin.config.values.addresses import File, Text
from tocsin.config.values.names import Name
from tocsin.config.values.quantities import Lasting, write_duration
from tocsin.core.alert import AlertType
from tocsin.rules.filters import MAX_AGE


class Channels(Block):
    discord: Discord | None = None
    """Discord webhooks."""
    sms: Sms | None = None
    """Text messages by Twilio."""
    push: Push | None = None
    """Mobile push by Firebase."""
    email: Email | None = None
    """E-mail by SendGrid."""
    webhook: Webhooks | None = None
    """Signed webhooks to other programs."""
    voice: Voice | None = None
    """Calls by Twilio."""
    telegram: Telegram | None = None
    """Telegram chats."""
    slack: Slack | None = None
    """Slack channels and incoming webhooks."""
    apprise: Apprise | None = None
    """Whatever Apprise knows, one target a URL."""

    def written(self) -> Iterator[tuple[str, Channel]]:
        """Those that the file has, enabled or not."""
        for name in type(self).model_fields:
            channel = getattr(self, name)
            if channel is not None:
                yield name, channel

    def enabled(self) -> Iterator[tuple[str, Channel]]:
        return ((name, channel) for name, channel in self.written() if channel.enabled)


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
    """Who hears of what; left out, the high band goes to `discord:high_priority`, the rest to `discord:general`."""
    history: History = History()
    """Copies of the history in other places."""
    links: Links = Links()
    """Short links in messages."""
    people: People = People()
    """Whom the service knows, and what they are asked."""
    costs: Costs = Costs()
    """What telling people costs."""
