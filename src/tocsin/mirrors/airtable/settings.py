"""Airtable in the configuration file."""

from typing import Annotated

from pydantic import Field

from tocsin.config.values.addresses import BaseUrl, Text
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
