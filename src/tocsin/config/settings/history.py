"""Copies of the history in other places."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tocsin.config.values.addresses import BaseUrl, RedisUrl, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import KeyText
from tocsin.config.values.quantities import NotBoolean


class Airtable(Block):
    token: KeyText
    """A personal access token."""
    base: Text
    """The base, `app…`."""
    table: Text = "Alerts"
    """The table's name or id."""
    api_base: BaseUrl | None = None
    """Another address of the provider: the sandbox, a proxy."""
    calls_per_month: Annotated[int, Field(ge=1), NotBoolean] | None = 1000
    """The most requests a month; null: no cap."""


class Redis(Block):
    url: RedisUrl
    """Where it is."""
    stream: Text = "tocsin:alerts"
    """The stream's key."""
    keep: Annotated[int, Field(ge=1), NotBoolean] = 10_000
    """How many alerts it keeps."""


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class History(Block):
    airtable: Airtable | None = None
    """A mirror for people."""
    redis: Annotated[Redis | None, BeforeValidator(_from_url, json_schema_input_type=str | Redis | None)] = None
    """The recent history as a capped stream."""
