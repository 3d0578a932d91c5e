"""Discord: named webhooks, and whom each may mention."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from tocsin.config.settings.block import Block
from tocsin.config.settings.channel import Channel
from tocsin.config.values.addresses import File, Text, is_loopback, split_url
from tocsin.config.values.conditions import Conditions
from tocsin.config.values.names import KeyText, Name, SecretText, Snowflake
from tocsin.config.values.quantities import Duration, RateLimit
from tocsin.core.alert import AlertType
from tocsin.rules.quiet import QuietAction

_HOSTS = frozenset({"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"})
_PATH = re.compile(r"(?:/api(?:/v[0-9]{1,2})?)?/webhooks/([0-9]{1,20})/([A-Za-z0-9._-]+)/?")


class MentionSettings(Block):
    match: Conditions
    """Which alerts; the first rule that matches counts."""
    everyone: bool = False
    """Ring out to @everyone."""
    roles: tuple[Snowflake, ...] = ()
    """Role ids to ring out to."""
    budget: RateLimit | None = None
    """How often; past it the alert goes out unmentioned. Null is no bound."""


class Quiet(Block):
    hours: Text
    """The name of one of `quiet_hours`."""
    do: QuietAction = QuietAction.UNMENTION
    """`unmention`, `silent`, `hold` or `drop`."""


class Webhook(Block):
    url: SecretText | None = None
    """As Discord shows it."""
    mentions: tuple[MentionSettings, ...] | None = None
    """Nobody is mentioned where none matches; left out, `high_priority` has a default."""
    quiet: Quiet | None = None
    """Less noise at some hours."""
    thread_id: Snowflake | None = None
    """Post into this thread."""
    thread_name: Annotated[Text, Field(max_length=100)] | None = None
    """Open a thread of this name with each message, in a forum."""
    join: Duration | None = None
    """In place of the channel's `join`; 0 is never."""
    template: File | None = None
    """A template for every type that `templates` does not name."""
    templates: Mapping[AlertType, File] = {}
    """Templates by alert type, before those of the channel."""


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) or value is None else value


NamedWebhook = Annotated[
    Webhook,
    BeforeValidator(_from_url, json_schema_input_type=str | Webhook | None),
]


class Discord(Channel):
    webhooks: Mapping[Name, NamedWebhook] = {}
    """A name with a URL, or with an object."""
    bot_token: KeyText | None = None
    """With it, a message whose answer was lost is looked for in the Discord channel."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.webhooks)


def is_webhook_url(url: str, api_base: str | None = None) -> bool:
    """One of the forms in which Discord hands webhook URLs out; on loopback where `api_base` is there too."""
    parts = split_url(url)
    if parts is None or parts.username is not None:
        return False
    if is_loopback(parts.hostname):
        base = split_url(api_base)
        known = base is not None and is_loopback(base.hostname)
    else:
        official = parts.scheme == "https" and parts.hostname in _HOSTS and parts.port in (None, 443)
        known = official and parts.path.startswith("/api/")
    return known and not parts.query and _PATH.fullmatch(parts.path) is not None


def webhook_identity(url: str) -> str:
    """The same for every spelling of one webhook: its id."""
    found = _PATH.fullmatch(urlsplit(url).path)
    return found[1] if found else url
