"""Push: to phones by Firebase, to browsers by their own push services."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tocsin.channels.push.template import BrokenTemplateError, compile_template
from tocsin.channels.settings import ChannelSettings, Recipients
from tocsin.config.values.addresses import File, Network, Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import Name
from tocsin.core.alert import AlertType, Band

SOUND = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # a file that the app brings along, with its ending or without


def _sound(value: str) -> str:
    if not SOUND.fullmatch(value):
        raise PydanticCustomError("sound", 'a sound is named as the app has it: "siren", "siren.caf"')
    return value


def _template(part: Literal["title", "body"]) -> Callable[[str], str]:
    def read(value: str) -> str:
        try:
            compile_template(**{"title": None, "body": None, part: value})
        except BrokenTemplateError as broken:
            raise PydanticCustomError("template", "{fault}", {"fault": str(broken)}) from None
        return value

    return read


Sound = Annotated[Text, AfterValidator(_sound)]


class PushText(Block):
    title: Annotated[Text, AfterValidator(_template("title"))] | None = None
    """The title, with `{product}` and other names in it; null is the built-in one."""
    body: Annotated[Text, AfterValidator(_template("body"))] | None = None
    """The line below it, likewise."""


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
    sounds: Mapping[Band, Sound] = {}
    """The sound of each band, as the app has it; a person's own wish goes before."""
    texts: Mapping[AlertType, PushText] = {}
    """Texts of one's own by alert type."""
    max_recipients: Recipients | None = None
    """The most devices and browsers for one alert; null is no bound."""
    lists: Mapping[Name, DeviceList] = {}
    """Named groups of devices and browsers."""
