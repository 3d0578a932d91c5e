"""Push: to phones by Firebase, to browsers by their own push services."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.addresses import File, Network, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import Name
from tocsin.config.values.quantities import NotBoolean
from tocsin.core.alert import Band

Recipients = Annotated[int, Field(ge=1, le=1_000_000), NotBoolean]


class DeviceList(Block):
    tag: Text | None = None
    """Devices and browsers of everybody with this tag."""
    max_recipients: Recipients | None = None
    """The most devices and browsers for one alert, instead of the channel's."""


class BrowserPush(Block):
    enabled: bool = True
    """Whether browsers are told."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$", max_length=320)] | None = None
    """Whom a push service may write to, `mailto:…` or `https://…`."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks of push services that the operator vouches for."""


class Push(ChannelSettings):
    firebase_config: File | None = None
    """The service account's key file; null where only browsers are told."""
    web: BrowserPush = BrowserPush()
    """Push to browsers."""
    sounds: Mapping[Band, Text] = {}
    """The sound of each band."""
    max_recipients: Recipients | None = None
    """The most devices and browsers for one alert; null is no bound."""
    lists: Mapping[Name, DeviceList] = {}
    """Named groups of devices and browsers."""
