"""What a provider is to be told of consent: the newest entry of each address, from where its cursor stands."""

from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, and_, bindparam, delete, exists, func, insert, or_, select

from tocsin.core.address import AddressKind, AddressState
from tocsin.core.consent import ConsentSource, ConsentWord
from tocsin.ledger.contract.people import ConsentsToTell
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.reach import WILLING
from tocsin.ledger.people.schema import addresses, consents, consents_told
from tocsin.ledger.people.vault import Vault

# The provider said it, or the person said it to the provider.
_KNOWN_THERE = (ConsentSource.INBOUND_TEXT.value, ConsentSource.PROVIDER.value)
_IN = and_(*WILLING)
_OUT = addresses.c.state == AddressState.SUPPRESSED.value

_newer = consents.alias("newer")
_IS_NEWEST = ~exists().where(
    _newer.c.contact == consents.c.contact,
    _newer.c.address == consents.c.address,
    or_(_newer.c.at > consents.c.at, (_newer.c.at == consents.c.at) & (_newer.c.key > consents.c.key)),
)
_CURSOR = select(consents_told).where(consents_told.c.channel == bindparam("channel"))
_HEAD = select(func.coalesce(func.max(consents.c.key), 0))
_ENTRIES = (
    select(
        *(consents.c[name] for name in ("key", "id", "at", "source")),
        *(addresses.c[name] for name in ("state", "value", "lookup", "kind")),
    )
    .join(addresses, addresses.c.id == consents.c.address)
    .where(consents.c.channel == bindparam("channel"), _IS_NEWEST, _IN | _OUT)
    .where(consents.c.source.not_in(_KNOWN_THERE))
    .order_by(consents.c.key)
    .limit(bindparam("most"))
)
_AGAIN = _ENTRIES.where(among(consents.c.key, "keys"))
_NEW = _ENTRIES.where(consents.c.key > bindparam("after"))
_FORGET = delete(consents_told).where(consents_told.c.channel == bindparam("channel"))
_KEEP = insert(consents_told)


def to_tell(connection: Connection, vault: Vault, channel: str, limit: int) -> ConsentsToTell:
    """Those that were refused before come first. Who was erased is told of no more: their number is not kept."""
    head = connection.scalar(_HEAD) or 0
    cursor = connection.execute(_CURSOR, {"channel": channel}).first()
    if cursor is None:
        return ConsentsToTell(upto=head, begins=True)
    tries = {int(key): many for key, many in orjson.loads(cursor.again).items()}
    place = {"channel": channel}
    rows = list(connection.execute(_AGAIN, {**place, "keys": list(tries), "most": limit})) if tries else []
    fresh = list(connection.execute(_NEW, {**place, "after": cursor.upto, "most": limit - len(rows)}))
    full = len(rows) + len(fresh) == limit
    return ConsentsToTell(
        upto=(fresh[-1].key if fresh else cursor.upto) if full else max(head, cursor.upto),
        words=tuple(_word(vault, row) for row in (*rows, *fresh)),
        keys={row.id: row.key for row in (*rows, *fresh)},
        tries={row.id: tries.get(row.key, 0) for row in (*rows, *fresh)},
        moved=bool(fresh) or bool(tries) or head > cursor.upto,
    )


def note(change: Change, channel: str, upto: int, again: Mapping[int, int]) -> None:
    body = orjson.dumps({str(key): many for key, many in again.items()}).decode()
    change.transaction.write(_FORGET, channel=channel)
    change.transaction.write(_KEEP, channel=channel, upto=upto, again=body)


def _word(vault: Vault, row: AnyRow) -> ConsentWord:
    return ConsentWord(
        id=row.id,
        number=vault.open(bytes(row.value), bytes(row.lookup), AddressKind(row.kind)),
        granted=row.state == AddressState.ACTIVE.value,
        source=ConsentSource(row.source),
        at=row.at,
    )
