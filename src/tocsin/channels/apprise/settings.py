"""Apprise: one target a URL."""

from collections.abc import Mapping

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.names import Name, SecretText


class Apprise(ChannelSettings):
    urls: Mapping[Name, SecretText | None] = {}
    """A name with a URL of Apprise."""
