"""Knows who may do what: tokens of the configuration file and of the ledger, checked in memory."""

import asyncio
import contextlib
import hashlib
import hmac
import math
import os
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.access.throttle import Throttle
from tocsin.core.clock import Clock
from tocsin.core.errors import (
    Detail,
    InvalidConfigError,
    InvalidRequestError,
    LedgerError,
    RateLimitedError,
    UnauthorizedError,
)
from tocsin.core.file import cause, read_text
from tocsin.core.secret import Secret, token_fault
from tocsin.ledger.contract import Operations, TokenRow

SCOPES = ("ingest", "read", "contacts", "admin")
LOCAL = "local"  # the name of the token that the commands of the same user read from its file

_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 8
_RANDOM_BYTES = 32
_TOUCH_EVERY_S = 60.0
_LOCAL_ID = f"config:{LOCAL}"
_SHARED_FOR, _SHARE_AGAIN = timedelta(days=30), timedelta(days=1)
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_MAX_NAME = 64
_MAX_FILE = 4096  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The leave that a known token gives. `owner` is whom idempotency keys belong to: the token's name. `admin` implies
    all.
    """

    token_id: str
    owner: str
    scopes: frozenset[str]
    expires_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True, slots=True)
class ConfiguredToken:
    """A token that the operator wrote down (`token_fault` says of what it may be)."""

    secret: Secret
    scopes: frozenset[str]


class Tokens:
    """A token that this service makes reads `tocsin_<id>_<random>`; only its digest is kept. With `shared` the local
    token is good at every node of the ledger, for a month from when its own was there last.
    """

    def __init__(self, operations: Operations, clock: Clock, *, shared: bool = False) -> None:
        self._shared = shared
        self._operations = operations
        self._clock = clock
        self._throttle = Throttle(clock)
        self._stored: dict[str, TokenRow] = {}
        self._revoked: dict[str, TokenRow] = {}
        self._configured: dict[str, TokenRow] = {}
        self._used: dict[str, datetime] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._share_again = _AT_ONCE
        self._touching: asyncio.Task[None] | None = None

    async def start(self, configured: Mapping[str, ConfiguredToken]) -> None:
        """Raises InvalidConfigError for a configured token that fits nobody or has an unknown scope."""
        self.configure(configured)
        await self._share_local()
        await self.refresh()
        self._touching = asyncio.create_task(self._touch_now_and_then())

    async def refresh(self) -> None:
        """Read them as they are now: at start, and where another node has made or revoked one."""
        rows = await self._operations.tokens()
        before, self._stored = self._stored, {row.id: row for row in rows if row.revoked_at is None}
        self._revoked = {row.id: row for row in rows if row.revoked_at is not None}
        for token_id in before.keys() - self._stored.keys():
            self._tell_revoked(token_id)

    async def stop(self) -> None:
        if self._touching is not None:
            self._touching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._touching
        await self._touch()

    def configure(self, configured: Mapping[str, ConfiguredToken]) -> None:
        """Swap the tokens of the configuration file, all or none; those that are gone count as revoked."""
        rows = [self._row_of(name, token) for name, token in configured.items()]
        before, self._configured = self._configured, {row.id: row for row in rows}
        for token_id, row in before.items():
            now = self._configured.get(token_id)
            if now is None or (now.digest, now.scopes) != (row.digest, row.scopes):
                self._tell_revoked(token_id)

    def authenticate(self, secret: str, address: str = "") -> Grant:
        """`address` is the client's. Raises UnauthorizedError with the same words for every token that is not, or no
        longer, known; RateLimitedError where the address has shown too many of those.
        """
        wait = self._throttle.wait(address)
        try:
            grant = self._grant(secret)
        except UnauthorizedError:
            if wait:
                raise _guessing(wait) from None
            self._throttle.note_wrong(address)
            raise
        if wait and not self._throttle.knows(address, grant.token_id):
            raise _guessing(wait)  # else a guess that hit would be told from one that did not
        self._throttle.note_right(address, grant.token_id)
        return grant

    def _grant(self, secret: str) -> Grant:
        digest = _digest(secret)
        row = next((row for row in self._candidates(secret) if hmac.compare_digest(row.digest, digest)), None)
        if row is None:
            gone = self._revoked.get(_id_in(secret))
            owner = gone.name if gone is not None and hmac.compare_digest(gone.digest, digest) else ""
            raise UnauthorizedError("this token is not known here, or was revoked", owner=owner)
        if row.expires_at is not None and row.expires_at <= self._clock.now():
            raise UnauthorizedError("this token has ended: ask for a new one", owner=row.name)
        if row.id in self._stored:
            self._used[row.id] = self._clock.now()
        return Grant(token_id=row.id, owner=row.name, scopes=row.scopes, expires_at=row.expires_at)

    async def create(self, name: str, scopes: frozenset[str], expires_at: datetime | None) -> tuple[TokenRow, Secret]:
        """The secret is shown this once. Raises InvalidRequestError for a name or scope that cannot be."""
        _check(name, scopes, expires_at, self._clock.now())
        token_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        secret = f"tocsin_{token_id}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
        row = TokenRow(
            id=token_id,
            name=name,
            digest=_digest(secret),
            scopes=scopes,
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        await self._operations.add_token(row)
        self._stored[token_id] = row
        return row, Secret(secret)

    async def revoke(self, token_id: str) -> bool:
        """False where there is none. A token of the configuration file ends by taking it out of the file."""
        if token_id in self._configured:
            raise InvalidRequestError("this token stands in the configuration file: take it out there and reload")
        known = await self._operations.revoke_token(token_id)
        if (row := self._stored.pop(token_id, None)) is not None:
            self._revoked[token_id] = row
            self._tell_revoked(token_id)
        return known

    async def listed(self) -> tuple[TokenRow, ...]:
        """The tokens of the configuration file first (`config:name`), then the ledger's, revoked ones included."""
        stored = await self._operations.tokens()
        fresh = tuple(replace(row, last_used_at=self._used.get(row.id, row.last_used_at)) for row in stored)
        return (*self._configured.values(), *fresh)

    def on_revoked(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Hear the id of each token that ends before its time; call what is returned to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def _share_local(self) -> None:
        """Let the other nodes know the local token of this one; once a day."""
        local, now = self._configured.get(_LOCAL_ID), self._clock.now()
        if not self._shared or local is None or now < self._share_again:
            return
        identifier = f"{LOCAL}-{local.digest[:_ID_LENGTH]}"
        await self._operations.keep_token(replace(local, id=identifier, expires_at=now + _SHARED_FOR))
        self._share_again = now + _SHARE_AGAIN

    def _candidates(self, secret: str) -> Iterable[TokenRow]:
        identifier = _id_in(secret)
        if identifier == LOCAL:
            shared = (row for name, row in self._stored.items() if name.startswith(f"{LOCAL}-"))
            return (*self._configured.values(), *shared)
        stored = self._stored.get(identifier)
        return self._configured.values() if stored is None else (stored,)

    def _row_of(self, name: str, token: ConfiguredToken) -> TokenRow:
        if fault := token_fault(token.secret):
            raise InvalidConfigError(f"the token {name!r} fits nobody: {fault}")
        if unknown := token.scopes - frozenset(SCOPES):
            raise InvalidConfigError(f"the token {name!r} asks for unknown scopes: {', '.join(sorted(unknown))}")
        now = self._clock.now()
        digest = _digest(token.secret.reveal())
        return TokenRow(id=f"config:{name}", name=name, digest=digest, scopes=token.scopes, created_at=now)

    def _tell_revoked(self, token_id: str) -> None:
        for listener in tuple(self._listeners):
            listener(token_id)

    async def _touch_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(_TOUCH_EVERY_S)
            await self._touch()
            with contextlib.suppress(LedgerError):  # the next round says it again
                await self._share_local()

    async def _touch(self) -> None:
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._operations.touch_tokens(used)
        except LedgerError:  # when a token was last used is a courtesy: the next round tells it again
            self._used = used | self._used


def _guessing(wait: float) -> RateLimitedError:
    seconds = math.ceil(wait)
    return RateLimitedError(f"too many wrong tokens came from this address: try again in {seconds} s", seconds)


def local_secret(path: Path) -> Secret:
    """The admin token for the commands of the same user, made at the first start; its file is theirs alone (0600).

    Raises InvalidConfigError where the file can be neither read nor made.
    """
    try:
        return _kept(path) or _made(path)
    except (OSError, ValueError) as problem:
        raise InvalidConfigError(
            f"{path}, the token for commands on this machine, cannot be kept ({cause(problem)}): mend its rights,"
            " or take it away"
        ) from None


def _kept(path: Path) -> Secret | None:
    with contextlib.suppress(FileNotFoundError):
        kept = Secret(read_text(path, _MAX_FILE).strip())
        if token_fault(kept) is None:
            path.chmod(0o600)
            return kept
    return None


def _made(path: Path) -> Secret:
    fresh = f"tocsin_{LOCAL}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        path.chmod(0o600)
        file.write(fresh + "\n")
    return Secret(fresh)


def local_token(path: Path) -> ConfiguredToken:
    return ConfiguredToken(local_secret(path), frozenset({"admin"}))


def _id_in(secret: str) -> str:
    """The id of a token that this service has made; empty for any other text."""
    prefix, _, rest = secret.partition("_")
    return rest.partition("_")[0] if prefix == "tocsin" else ""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _check(name: str, scopes: frozenset[str], expires_at: datetime | None, now: datetime) -> None:
    problems = []
    if not (0 < len(name) <= _MAX_NAME and name.isprintable()):
        problems.append(Detail("name", f"must be 1 to {_MAX_NAME} printable characters"))
    if not scopes or scopes - frozenset(SCOPES):
        problems.append(Detail("scopes", f"must be one or more of {', '.join(SCOPES)}"))
    if expires_at is not None and expires_at <= now:
        problems.append(Detail("expires_at", "lies in the past"))
    if problems:
        raise InvalidRequestError.at(*problems)
