"""The channels of the file: a block for each that the catalogue has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from tocsin.catalogue import CATALOGUE
from tocsin.channels.settings import ChannelSettings
from tocsin.channels.spec import Spec
from tocsin.config.values.block import Block


class _Channels(Block):
    def written(self) -> Iterator[tuple[Spec[Any], ChannelSettings]]:
        """Those that the file has, enabled or not."""
        for name, spec in CATALOGUE.items():
            settings = getattr(self, name)
            if settings is not None:
                yield spec, settings

    def enabled(self) -> Iterator[tuple[Spec[Any], ChannelSettings]]:
        return ((spec, settings) for spec, settings in self.written() if settings.enabled)


if TYPE_CHECKING:
    Channels = _Channels  # a class that is made while the program runs is no type
else:
    Channels = create_model(
        "Channels",
        __base__=_Channels,
        **{
            name: (spec.settings | None, Field(default=None, description=spec.meaning))
            for name, spec in CATALOGUE.items()
        },
    )
