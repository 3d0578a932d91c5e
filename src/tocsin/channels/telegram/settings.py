"""Telegram: named chats of a bot."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.block import Block
from tocsin.config.values.names import KeyText, Name
from tocsin.config.values.quantities import NotBoolean


class Chat(Block):
    chat_id: Annotated[str, Field(pattern=r"^(-?[0-9]{1,20}|@\w{1,64})$", coerce_numbers_to_str=True)]
    """The chat's number, or `@name` of a public one."""
    thread_id: Annotated[int, Field(ge=1), NotBoolean] | None = None
    """The topic within it."""


def _from_id(value: Any) -> Any:
    return {"chat_id": value} if isinstance(value, (str, int)) else value


class Telegram(ChannelSettings):
    needs: ClassVar[tuple[str, ...]] = ("bot_token",)

    bot_token: KeyText | None = None
    """As BotFather gave it."""
    chats: Mapping[Name, Annotated[Chat, BeforeValidator(_from_id, json_schema_input_type=str | int | Chat)]] = {}
    """A name with a chat's number, or with an object."""
