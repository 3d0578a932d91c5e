"""The newest alerts are written to Redis or Valkey, for other programs: a capped stream of what happened, and a hash of
what is in stock now.

Source: the commands XADD, HSET and HDEL of the Redis and Valkey documentation. An entry's id is its place in our own
stream: one that is told again is refused there, as it is not above the newest.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from pydantic import BeforeValidator, Field

from tocsin.config.values.addresses import RedisUrl, Text
from tocsin.config.values.block import Block
from tocsin.config.values.quantities import NotBoolean
from tocsin.core.alert import AlertType
from tocsin.core.errors import MirrorError
from tocsin.core.mirror import Entry, News
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Sent, Unknown
from tocsin.core.record import AlertRecord, Cursor
from tocsin.core.secret import Secret
from tocsin.mirrors.spec import MirrorSpec, MirrorSurroundings

if TYPE_CHECKING:
    from valkey.asyncio import Valkey

_PATIENCE_S = 5.0
_KNOWN = "equal or smaller"  # the id of an entry that stands there already
_KEYS = ("NOAUTH", "NOPERM")
_WRONG = "WRONGTYPE"


class Redis(Block):
    url: RedisUrl
    """Where it is."""
    stream: Text = "tocsin:alerts"
    """The stream's key."""
    keep: Annotated[int, Field(ge=1), NotBoolean] = 10_000
    """How many alerts it keeps."""


class RedisStream:
    """Satisfies `Mirror`. `url` is `redis://`, `rediss://` or `unix://`, with user and password where there are any;
    `stream` is the key, `{stream}:in_stock` the hash; about `keep` entries stay. `ledger` is the epoch of ours: the
    stream of another one is left alone.

    Raises MirrorError where the client library is not installed.
    """

    name = "redis"
    by_alert = False
    at_once = 100
    rest = timedelta()
    calls_per_month: int | None = None

    def __init__(self, url: Secret, stream: str, keep: int, ledger: str) -> None:
        self._client = _client(url)
        self._stream = stream
        self._in_stock = f"{stream}:in_stock"
        self._keep = keep
        self._ledger = ledger
        self._is_ours = False

    async def write(self, entries: Sequence[Entry]) -> Outcome:
        """Write them in one transaction of the server, in their order: none, or all but those that stand there."""
        from valkey.exceptions import AuthenticationError, ResponseError, ValkeyError  # noqa: PLC0415 - the extra `valkey`

        try:
            if not self._is_ours and (problem := await self._foreign()):
                return _wrong(problem)
            answers = await self._add(entries)
        except AuthenticationError as refusal:
            return Deferred(Delay.CREDENTIALS, timedelta(minutes=1), str(refusal)[:200])
        except ResponseError as refusal:
            return _outcome_of(str(refusal))
        except (ValkeyError, OSError, TimeoutError) as problem:
            return Unknown(Doubt.ANSWER_LOST, f"{type(problem).__name__}: {problem}"[:200])
        refusals = [str(one) for one in answers if isinstance(one, ResponseError) and _KNOWN not in str(one)]
        return _outcome_of(refusals[0]) if refusals else Sent()

    async def look(self) -> Sequence[str]:
        """Ask whether the server is there and takes our key."""
        from valkey.exceptions import ValkeyError  # noqa: PLC0415 - the extra `valkey`

        try:
            await self._client.ping()
        except (ValkeyError, OSError, TimeoutError) as problem:
            return [f"{type(problem).__name__}: {problem}"[:200]]
        return ()

    async def close(self) -> None:
        await self._client.aclose()

    async def _foreign(self) -> str:
        """Tell why the stream there is not one of ours; empty where it is, or is none yet."""
        newest = await self._client.xrevrange(self._stream, count=1)
        ledger = newest[0][1].get(b"ledger", b"").decode() if newest else self._ledger
        self._is_ours = ledger == self._ledger
        return (
            "" if self._is_ours else f"{self._stream} has entries of another ledger: name another stream, or delete it"
        )

    async def _add(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """A command that does not fit its key fails alone; what the server has no room or right for, it refuses as a
        whole.
        """
        pipe = self._client.pipeline(transaction=True)
        for entry in entries:
            fields: dict[Any, Any] = dict(self._fields(entry))
            pipe.xadd(self._stream, fields, id=str(entry.place), maxlen=self._keep, approximate=True)
            record = entry.account.record
            if entry.news is News.CLOSED:
                pipe.hdel(self._in_stock, _product(record))
            elif entry.news is News.ACCEPTED and record.alert.type is AlertType.IN_STOCK:
                pipe.hset(self._in_stock, _product(record), _json(record, None).decode())
        answers: Sequence[Any] = await pipe.execute(raise_on_error=False)
        return answers

    def _fields(self, entry: Entry) -> Mapping[str, str | bytes]:
        record, account = entry.account.record, entry.account
        told: dict[str, str | bytes] = {
            "ledger": self._ledger,
            "id": str(record.alert.id),
            "kind": entry.news.value,
            "alert": _json(record, Cursor(self._ledger, entry.place.position)),
        }
        if entry.news is News.FINAL:
            told["sent_channels"] = ",".join(account.sent_channels)
            told["delivery_status"] = account.delivery_status.value
        return told


def _client(url: Secret) -> "Valkey":
    try:
        from valkey.asyncio import Valkey  # noqa: PLC0415 - the extra `valkey`
    except ImportError:
        raise MirrorError("history.redis needs the extra `valkey`: pip install 'tocsin[valkey]'") from None
    made: Valkey = Valkey.from_url(url.reveal(), socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
    return made


def _outcome_of(refusal: str) -> Outcome:
    """What the server's words mean. Out of memory, read-only, loading: it may be well again soon."""
    if refusal.startswith(_KEYS):
        return Deferred(Delay.CREDENTIALS, timedelta(minutes=1), refusal[:200])
    if refusal.startswith(_WRONG):
        return _wrong(refusal)
    return Deferred(Delay.PROVIDER_TROUBLE, None, refusal[:200])


def _wrong(why: str) -> Deferred:
    """A human has to mend it: until then nothing is lost."""
    return Deferred(Delay.PROVIDER_TROUBLE, timedelta(minutes=1), why[:200])


def _product(record: AlertRecord) -> str:
    """`bestbuy:6634940`, with its variant and seller where it has them."""
    alert = record.alert
    return ":".join(filter(None, (alert.retailer, alert.sku, alert.variant, alert.seller)))


def _json(record: AlertRecord, cursor: Cursor | None) -> bytes:
    """As sockets get it."""
    return orjson.dumps(record.as_json() | ({} if cursor is None else {"cursor": str(cursor)}))


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


def _make(settings: Redis, around: MirrorSurroundings) -> RedisStream:
    return RedisStream(settings.url, settings.stream, settings.keep, around.ledger)


REDIS = MirrorSpec(
    name=RedisStream.name,
    meaning="The recent history as a capped stream.",
    settings=Annotated[Redis | None, BeforeValidator(_from_url, json_schema_input_type=str | Redis | None)],
    make=_make,
)
