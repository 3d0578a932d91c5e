"""What the channel is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.channels.discord.template import Template
from tocsin.core.alert import AlertType
from tocsin.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One target. `url` in any form that `normalise` takes. A forum or media channel needs `thread_name` (each message
    opens a post of that name) or `thread_id`. Its `templates` go before those of the channel.
    """

    url: Secret
    thread_id: str | None = None
    thread_name: str | None = None
    templates: Mapping[AlertType, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Face:
    """How a retailer is shown: its name as people write it, and a picture (https)."""

    title: str
    icon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """`api_base` is another Discord than the real one: the sandbox. `faces` by the retailer's canonical spelling.

    `bot_token` lets lost messages be looked for; its bot needs to read the channel's history and message content.
    """

    webhooks: Mapping[str, Webhook]
    api_base: str | None = None
    bot_token: Secret | None = None
    faces: Mapping[str, Face] = field(default_factory=dict)
    public_url: str | None = None
    templates: Mapping[AlertType, Template] = field(default_factory=dict)
