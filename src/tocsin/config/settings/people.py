"""Whom the service knows."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from tocsin.config.values.addresses import File, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import PeopleKey
from tocsin.config.values.quantities import Zone


class People(Block):
    key: PeopleKey | None = None
    """What addresses are encrypted with, 32 characters or more; null: the file `people.key` beside the ledger."""
    signup: bool = False
    """Whether anybody may sign up on `/join`."""
    name: Text | None = None
    """As whom people are written to."""
    countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = ()
    """The countries whose numbers are taken (ISO 3166); empty: all."""
    zone: Zone = ZoneInfo("UTC")
    """The time zone of people who gave none, and whose numbers do not say it: their quiet hours are there."""
    accept_imported: bool = True
    """Whether imported people are told without a code of their own."""
    wordings: Mapping[Text, File] = {}
    """What people are asked, in files: `join` is what they agree to on `/join`, `{name}` in it is `people.name`."""
