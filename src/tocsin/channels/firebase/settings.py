"""Push: to phones by Firebase, to browsers by their own push services."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.addresses import File, Network, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import Name
from tocsin.core.alert import Band


class DeviceList(Block):
    tag: Text | None = None
    """Devices of everybody with this tag."""


class BrowserPush(Block):
    enabled: bool = True
    """Whether browsers are told."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$", max_length=320)] | None = None
    """Whom a push service may write to, `mailto:…` or `https://…`."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks of push services that the operator vouches for."""


class Push(ChannelSettings):
    needs: ClassVar[tuple[str, ...]] = ("firebase_config",)

    firebase_config: File | None = None
    """The service account's key file; null where only browsers are told."""
    web: BrowserPush = BrowserPush()
    """Push to browsers."""
    sounds: Mapping[Band, Text] = {}
    """The sound of each band."""
    lists: Mapping[Name, DeviceList] = {}
    """Named groups of devices."""
