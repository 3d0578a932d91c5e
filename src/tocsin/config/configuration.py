"""The configuration as the service holds it: settings, and where each value came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tocsin.config.problems import KeyPath
from tocsin.config.settings import Settings
from tocsin.core.secret import Secret

_SQLITE = "sqlite:///"


class Source(NamedTuple):
    """`kind` is flag, environment, file or default; `place` the flag, the variable or `alerts.json:3:5`."""

    kind: str
    place: str = ""


DEFAULT = Source("default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One whole configuration: never changed, only replaced by another. `base` is what relative paths start from.

    `sources` has the single values that were written somewhere. `private_files` were read for secrets.
    """

    settings: Settings
    base: Path
    file: Path | None = None
    env_file_missing: bool = False
    sources: Mapping[KeyPath, Source] = field(default_factory=dict, repr=False)
    private_files: tuple[Path, ...] = ()

    def source(self, path: KeyPath) -> Source:
        """Where the value at this path came from; what stands in a shorthand came with it."""
        known = (self.sources.get(path[:length]) for length in range(len(path), 0, -1))
        return next((source for source in known if source is not None), DEFAULT)

    @property
    def ledger_url(self) -> Secret:
        """The ledger's address; the path of a SQLite file is absolute."""
        url = self.settings.storage.url.reveal()
        return Secret(_SQLITE + str(self.ledger_file)) if self.ledger_file else Secret(url)

    @property
    def ledger_file(self) -> Path | None:
        """The SQLite file; None where the ledger is a server."""
        url = self.settings.storage.url.reveal()
        return (self.base / url.removeprefix(_SQLITE)).absolute() if url.startswith(_SQLITE) else None

    @property
    def public_url(self) -> str:
        """What links in messages start with, without a slash at the end."""
        server = self.settings.server
        url = self.settings.links.public_url or server.public_url
        host = f"[{server.host}]" if ":" in server.host else server.host
        return (url or f"http://{host}:{server.port}").rstrip("/")

    @property
    def open_to_strangers(self) -> bool:
        """Reachable from other machines without a configured token: such a service must not start."""
        return not self.settings.server.local and not self.settings.tokens


def restart_needed(before: Config, after: Config) -> tuple[str, ...]:
    """What a reload cannot change: the paths whose new values only count after a restart."""
    return tuple(
        path
        for path, old, new in (
            ("server.host", before.settings.server.host, after.settings.server.host),
            ("server.port", before.settings.server.port, after.settings.server.port),
            ("storage.url", before.ledger_url, after.ledger_url),
            ("cluster.url", before.settings.cluster.url, after.settings.cluster.url),
        )
        if old != new
    )
