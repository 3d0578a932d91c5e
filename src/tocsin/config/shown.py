"""What `tocsin config show` prints: every value in force with its source, secrets masked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tocsin.config.configuration import Config, Source
from tocsin.config.reading.problems import dotted
from tocsin.config.reading.tree import leaves


@dataclass(frozen=True, slots=True)
class Shown:
    """`value` is as a JSON file would have it."""

    path: str
    value: Any
    source: Source

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "value": self.value, "source": self.source.kind, "place": self.source.place}


def shown(config: Config) -> Iterator[Shown]:
    """Blocks that the file leaves out whole, and that have no default, are left out here too."""
    values = config.settings.model_dump(mode="json", by_alias=True)
    channels = values["alerts"]["channels"]
    values["alerts"]["channels"] = {name: channel for name, channel in channels.items() if channel is not None}
    for path, value in leaves(values):
        yield Shown(dotted(path), value, config.source(path))
