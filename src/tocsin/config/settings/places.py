"""Channels that reach rooms: Slack, Telegram, and what Apprise knows."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from tocsin.config.settings.block import Block
from tocsin.config.settings.channel import Channel
from tocsin.config.values.names import KeyText, Name, SecretText
from tocsin.config.values.quantities import NotBoolean


class SlackHook(Block):
    url: SecretText | None = None
    """The incoming webhook."""


class Chat(Block):
    chat_id: Annotated[str, Field(pattern=r"^(-?[0-9]{1,20}|@\w{1,64})$", coerce_numbers_to_str=True)]
    """The chat's number, or `@name` of a public one."""
    thread_id: Annotated[int, Field(ge=1), NotBoolean] | None = None
    """The topic within it."""


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) or value is None else value


def _from_id(value: Any) -> Any:
    return {"chat_id": value} if isinstance(value, (str, int)) else value


class Slack(Channel):
    bot_token: KeyText | None = None
    """With one, messages are edited and asked for; a webhook can neither."""
    channels: Mapping[Name, Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{5,20}$")]] = {}
    """A name with a channel's id, `C…`; for the bot."""
    webhooks: Mapping[
        Name, Annotated[SlackHook, BeforeValidator(_from_url, json_schema_input_type=str | SlackHook | None)]
    ] = {}
    """A name with a URL, or with an object."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.webhooks) | frozenset(self.channels)


class Telegram(Channel):
    needs: ClassVar[tuple[str, ...]] = ("bot_token",)

    bot_token: KeyText | None = None
    """As BotFather gave it."""
    chats: Mapping[Name, Annotated[Chat, BeforeValidator(_from_id, json_schema_input_type=str | int | Chat)]] = {}
    """A name with a chat's number, or with an object."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.chats)


class Apprise(Channel):
    urls: Mapping[Name, SecretText | None] = {}
    """A name with a URL of Apprise."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.urls)
