"""The configuration as the service holds it: settings, and where each value came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tocsin.config.reading.problems import KeyPath
from tocsin.config.settings import Settings


class Source(NamedTuple):
    """`kind` is flag, environment, file or default; `place` the flag, the variable or `alerts.json:3:5`."""

    kind: str
    place: str = ""


# What a bare value stands for where an object could stand.
_SHORTHANDS = ("url", "chat_id")

DEFAULT = Source("default")

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to listen on is not one to call


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One whole configuration: never changed, only replaced by another. `base` is what relative paths start from.

    `sources` has the single values that were written somewhere; `where` names the place of any path for a reader.
    `private_files` were read for secrets.
    """

    settings: Settings
    base: Path
    again: Callable[[], "Config"] = field(repr=False, compare=False)
    where: Callable[[KeyPath], str] = field(repr=False, compare=False)
    file: Path | None = None
    env_file_missing: bool = False
    sources: Mapping[KeyPath, Source] = field(default_factory=dict, repr=False)
    private_files: tuple[Path, ...] = ()

    def source(self, path: KeyPath) -> Source:
        """Where the value at this path came from."""
        shorthand = path[:-1] if path[-1] in _SHORTHANDS else path
        return self.sources.get(path) or self.sources.get(shorthand) or DEFAULT

    def reread(self) -> "Config":
        """The same files again, with the same environment and flags. Raises InvalidConfigError; nothing has changed."""
        return self.again()

    @property
    def public_url(self) -> str | None:
        """What links in messages start with, without a slash at the end; None where nobody outside can come in."""
        url = self.settings.links.public_url or self.settings.server.public_url
        return url.rstrip("/") if url else None

    @property
    def page_url(self) -> str | None:
        """Where people open the page, without a slash at the end; None where only this machine is known to reach it."""
        url = self.settings.server.public_url
        return url.rstrip("/") if url else None

    @property
    def hosts(self) -> frozenset[str]:
        """The names, without port, by which requests may call the service."""
        server = self.settings.server
        public = [urlsplit(url).hostname for url in (server.public_url, self.settings.links.public_url) if url]
        return frozenset(name.lower() for name in (server.host, *server.allowed_hosts, *public) if name)

    @property
    def origins(self) -> tuple[str, ...]:
        """The pages that may use live sockets wherever their requests seem to go."""
        server = self.settings.server
        return (*server.allowed_origins, server.public_url) if server.public_url else server.allowed_origins

    def address(self, port: int) -> str:
        """Where the service is, seen from its own machine."""
        host = _EVERYWHERE.get(self.settings.server.host, self.settings.server.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def local_token_file(self) -> Path:
        """The admin token for commands of the same user, beside the ledger."""
        ledger = self.settings.storage.file
        return ledger.with_suffix(".token") if ledger else self.base / "tocsin.token"

    @property
    def people_key_file(self) -> Path:
        """The key that people are kept with, where the configuration has none: beside the ledger."""
        ledger = self.settings.storage.file
        return (ledger.parent if ledger else self.base) / "people.key"


def restart_needed(before: Config, after: Config) -> tuple[str, ...]:
    """The paths whose new values only count after a restart, where operators are told so."""
    return tuple(
        path
        for path, old, new in (
            ("server.host", before.settings.server.host, after.settings.server.host),
            ("server.port", before.settings.server.port, after.settings.server.port),
            ("storage.url", before.settings.storage.url, after.settings.storage.url),
            ("people.key", before.settings.people.key, after.settings.people.key),
            ("history", before.settings.history, after.settings.history),
            ("cluster.url", before.settings.cluster.url, after.settings.cluster.url),
        )
        if old != new
    )
