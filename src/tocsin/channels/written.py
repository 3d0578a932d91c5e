"""Named places as a file has them, before anybody knows whether their values are of the right type."""

from collections.abc import Iterator, Mapping
from typing import Any


def places(block: Mapping[str, Any], key: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each with its path within the block; none where something else stands there."""
    named = block.get(key)
    for name, value in named.items() if isinstance(named, dict) else ():
        yield (key, name), value


def urls(block: Mapping[str, Any], key: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The URL of each, wherever it is written: beside the name or inside its object."""
    for path, value in places(block, key):
        if isinstance(value, dict):
            yield (*path, "url"), value.get("url")
        else:
            yield path, value
