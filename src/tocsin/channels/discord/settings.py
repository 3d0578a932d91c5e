"""Discord: named webhooks, and whom each may mention."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.channels.settings import ChannelSettings, Quiet, from_url
from tocsin.config.values.addresses import File, Text
from tocsin.config.values.block import Block
from tocsin.config.values.conditions import Conditions
from tocsin.config.values.names import KeyText, Name, SecretText
from tocsin.config.values.quantities import Duration, RateLimit
from tocsin.core.alert import AlertType

_SNOWFLAKE = re.compile(r"[0-9]{15,20}")


def _snowflake(value: object) -> str:
    """An id of Discord: a number too long for JavaScript, so it is written as text."""
    text = str(value) if isinstance(value, (str, int)) else ""
    if not _SNOWFLAKE.fullmatch(text):
        raise PydanticCustomError("snowflake", 'an id of Discord is a long number in quotes: "1180000000000000002"')
    return text


def _one_thread(thread_name: str | None, info: ValidationInfo) -> str | None:
    if thread_name is not None and info.data.get("thread_id") is not None:
        raise PydanticCustomError("threads", "a webhook posts into one thread_id or opens a thread_name, not both")
    return thread_name


Snowflake = Annotated[str, PlainValidator(_snowflake), WithJsonSchema({"type": ["string", "number"]})]


class MentionSettings(Block):
    match: Conditions
    """Which alerts; the first rule that matches counts."""
    everyone: bool = False
    """Ring out to @everyone."""
    roles: tuple[Snowflake, ...] = ()
    """Role ids to ring out to."""
    budget: RateLimit | None = None
    """How often; past it the alert goes out unmentioned. Null is no bound."""


class Webhook(Block):
    url: SecretText | None = None
    """As Discord shows it."""
    mentions: tuple[MentionSettings, ...] | None = None
    """Nobody is mentioned where none matches; left out, `high_priority` has a default."""
    quiet: Quiet | None = None
    """Less noise at some hours."""
    thread_id: Snowflake | None = None
    """Post into this thread."""
    thread_name: Annotated[Annotated[Text, Field(max_length=100)] | None, AfterValidator(_one_thread)] = None
    """Open a thread of this name with each message, in a forum."""
    join: Duration | None = None
    """In place of the channel's `join`; 0 is never."""
    template: File | None = None
    """A template for every type that `templates` does not name."""
    templates: Mapping[AlertType, File] = {}
    """Templates by alert type, before those of the channel."""


NamedWebhook = Annotated[
    Webhook,
    BeforeValidator(from_url, json_schema_input_type=str | Webhook | None),
]


class Discord(ChannelSettings):
    webhooks: Mapping[Name, NamedWebhook] = {}
    """A name with a URL, or with an object."""
    bot_token: KeyText | None = None
    """With it, a message whose answer was lost is looked for in the Discord channel."""
