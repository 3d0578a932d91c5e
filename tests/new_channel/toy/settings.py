"""Toys: named boxes, and the key of the shop's calls."""

from collections.abc import Mapping
from typing import ClassVar

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.addresses import WebUrl
from tocsin.config.values.names import KeyText, Name


class Toy(ChannelSettings):
    needs: ClassVar[tuple[str, ...]] = ("key",)

    key: KeyText | None = None
    """What the shop signs its calls with."""
    boxes: Mapping[Name, WebUrl] = {}
    """A name with the address of a box."""
