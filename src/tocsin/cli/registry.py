"""The registry of a service's tokens is reached wherever they can be had: through the one that runs, or in its ledger
where none does.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tocsin.access.tokens import Tokens
from tocsin.cli.console import hint
from tocsin.cli.reach import ADDRESS, OPENED, address, client, located
from tocsin.client import Client
from tocsin.config.configuration import Config
from tocsin.core.clock import SystemClock
from tocsin.core.errors import NotFoundError, TocsinError, UnreachableError
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import TokenRow
from tocsin.ledger.opening import open_ledger

PATH = "/api/v1/tokens"


class Registry(Protocol):
    """A registry makes, lists and revokes tokens. Rows read as `GET /api/v1/tokens` writes them."""

    async def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]: ...

    async def listed(self) -> list[dict[str, Any]]: ...

    async def revoke(self, identifier: str) -> None: ...


@asynccontextmanager
async def registry(url: str | None, token: str | None, file: Path | None) -> AsyncIterator[Registry]:
    """Open the registry: a service that was named is asked, whatever happens; the one of the configuration
    if it runs.
    """
    if url or await _runs(located(file, *ADDRESS)):
        async with client(url, token, file) as service:
            yield Served(service)
    else:
        ledger = located(file, *OPENED)
        hint(f"no service runs here: this is about {ledger.settings.storage.file or 'the ledger in PostgreSQL'}")
        async with _kept(ledger) as kept:
            yield kept


class Served:
    """The registry of a service that runs, reached over HTTP."""

    def __init__(self, service: Client) -> None:
        self._service = service

    async def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = await self._service.post(PATH, wanted)
        return told

    async def listed(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self._service.get(PATH))["tokens"]
        return rows

    async def revoke(self, identifier: str) -> None:
        await self._service.call("DELETE", f"{PATH}/{identifier}")


class Kept:
    """The registry in a ledger that no service has open."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        row, secret = await self._tokens.create(wanted["name"], frozenset(wanted["scopes"]), wanted["expires_at"])
        return {**_as_json(row), "token": secret.reveal()}

    async def listed(self) -> list[dict[str, Any]]:
        return [_as_json(row) for row in await self._tokens.listed()]

    async def revoke(self, identifier: str) -> None:
        if not await self._tokens.revoke(identifier):
            raise NotFoundError(f"there is no token {identifier}")


async def _runs(config: Config) -> bool:
    async with Client(address(config), "") as service:
        try:
            await service.get("/healthz")
        except UnreachableError:
            return False
        except TocsinError:
            return True
    return True


@asynccontextmanager
async def _kept(config: Config) -> AsyncIterator[Kept]:
    """Own the ledger for a moment. The tokens of the configuration file are the service's alone."""
    clock = SystemClock()
    async with open_ledger(
        config.settings.storage.url.reveal(),
        clock=clock,
        people_key=config.settings.people.key,
        people_key_file=config.people_key_file,
    ) as ledger:
        tokens = Tokens(ledger.operations, clock)
        await tokens.start({})
        try:
            yield Kept(tokens)
        finally:
            await tokens.stop()


def _as_json(row: TokenRow) -> dict[str, Any]:
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    said = {name: getattr(row, name) for name in times}
    return {
        "id": row.id,
        "name": row.name,
        "scopes": sorted(row.scopes),
        **{name: moment and rfc3339(moment) for name, moment in said.items()},
    }
