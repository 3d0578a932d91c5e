"""Copies of the history in other places: a block for each mirror that the catalogue has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from tocsin.catalogue import MIRRORS
from tocsin.config.values.block import Block
from tocsin.mirrors.spec import MirrorSpec


class _History(Block):
    def written(self) -> Iterator[tuple[MirrorSpec, Any]]:
        """Those that the file has, with their settings."""
        for name, spec in MIRRORS.items():
            settings = getattr(self, name)
            if settings is not None:
                yield spec, settings


if TYPE_CHECKING:
    History = _History  # a class that is made while the program runs is no type
else:
    History = create_model(
        "History",
        __base__=_History,
        **{name: (spec.settings, Field(default=None, description=spec.meaning)) for name, spec in MIRRORS.items()},
    )
