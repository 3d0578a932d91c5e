"""Slack: named channels of a bot, and incoming webhooks."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from tocsin.channels.settings import ChannelSettings, from_url
from tocsin.config.values.block import Block
from tocsin.config.values.names import KeyText, Name, SecretText


class SlackHook(Block):
    url: SecretText | None = None
    """The incoming webhook."""


class Slack(ChannelSettings):
    bot_token: KeyText | None = None
    """With one, messages are edited and asked for; a webhook can neither."""
    channels: Mapping[Name, Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{5,20}$")]] = {}
    """A name with a channel's id, `C…`; for the bot."""
    webhooks: Mapping[
        Name, Annotated[SlackHook, BeforeValidator(from_url, json_schema_input_type=str | SlackHook | None)]
    ] = {}
    """A name with a URL, or with an object."""
