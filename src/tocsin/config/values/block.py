"""What every block of the configuration is: frozen, and closed to keys that it does not know."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    def below(self, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Every value in it, however deep, with its path as the file writes it; `path` is the block's own."""
        for name, field in type(self).model_fields.items():
            yield from _below(getattr(self, name), (*path, field.alias or name))


def _below(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    match value:
        case Block():
            yield from value.below(path)
        case Mapping():
            for key, each in value.items():
                yield from _below(each, (*path, key))
        case tuple():
            for number, each in enumerate(value):
                yield from _below(each, (*path, number))
