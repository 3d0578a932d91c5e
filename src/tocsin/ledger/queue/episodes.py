"""The episodes that one transaction touches are read at once, kept up to date in memory, and written at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select, update

from tocsin.core.alert import Alert, AlertType, EpisodeKey, RepeatKey
from tocsin.core.clock import epoch_micros, from_micros
from tocsin.core.decision import Episode, LastAccepted
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import MILLION, episodes, micros_of
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction

Last = Mapping[RepeatKey, LastAccepted]

MOST_REMEMBERED = 24  # of one episode; currencies come from outside, and a shop has few

_FIND = select(episodes).where(among(episodes.c.sku, "skus"))
_SAVE = update(episodes).where(episodes.c.key == bindparam("of"))


class Episodes:
    def __init__(self, transaction: Transaction, stream: Stream, skus: Iterable[str]) -> None:
        self._transaction = transaction
        self._stream = stream
        self._known: dict[EpisodeKey, Episode] = {}
        self._keys: dict[EpisodeKey, int] = {}
        self._changed: dict[EpisodeKey, None] = {}
        for key, sku, retailer, variant, seller, opened_at, closed_at, last_seen_at, last in transaction.rows(
            _FIND, skus=sorted(skus)
        ):
            name = EpisodeKey(sku, retailer, variant, seller)
            self._known[name] = Episode(
                key=name, opened_at=opened_at, closed_at=closed_at, last_seen_at=last_seen_at, last=_unpacked(last)
            )
            self._keys[name] = key
        self._stored = frozenset(self._keys)

    def find(self, key: EpisodeKey) -> Episode | None:
        return self._known.get(key)

    @property
    def touched(self) -> list[int]:
        """The keys of those that were stored before and have changed."""
        return [self._keys[key] for key in self._changed if key in self._stored]

    def accept(self, key: EpisodeKey, alert: Alert, now: datetime) -> int:
        """Remember what was last accepted of its type and currency; what can be bought opens the episode. Returns its
        row's key.
        """
        known = self._known.get(key)
        opened_at = closed_at = None
        last: Mapping[RepeatKey, LastAccepted] = {alert.repeat_key: LastAccepted(alert.id, now, alert.price)}
        if known is None:
            self._keys[key] = self._stream.next_episode()
        else:
            opened_at, closed_at, last = known.opened_at, known.closed_at, _remembered(known.last, last)
        if alert.type.buyable and (opened_at is None or closed_at is not None):
            opened_at, closed_at = now, None
        self._known[key] = Episode(key=key, opened_at=opened_at, closed_at=closed_at, last_seen_at=now, last=last)
        self._changed[key] = None
        return self._keys[key]

    def see(self, key: EpisodeKey, now: datetime) -> None:
        """Note a repeat: the detector still sees the product."""
        known = self._known.get(key)
        if known is not None and known.last_seen_at != now:
            self._known[key] = Episode(
                key=key, opened_at=known.opened_at, closed_at=known.closed_at, last_seen_at=now, last=known.last
            )
            self._changed[key] = None

    def save(self) -> None:
        self._transaction.insert(episodes, [self._row(key) for key in self._changed if key not in self._stored])
        self._transaction.write_each(_SAVE, [self._change(key) for key in self._changed if key in self._stored])

    def _row(self, key: EpisodeKey) -> tuple[object, ...]:
        known, now = self._known[key], self._transaction.micros
        opened_at = None if known.opened_at is None else self._transaction.stored(known.opened_at)
        return self._keys[key], *key, opened_at, None, now, _packed(known.last)

    def _change(self, key: EpisodeKey) -> dict[str, object]:
        known = self._known[key]
        return {
            "of": self._keys[key],
            "opened_at": known.opened_at,
            "closed_at": known.closed_at,
            "last_seen_at": known.last_seen_at,
            "last": _packed(known.last),
        }


def _remembered(before: Last, fresh: Last) -> Last:
    """In the order in which they were accepted; the oldest is forgotten where there are too many."""
    last = {key: one for key, one in before.items() if key not in fresh} | dict(fresh)
    if len(last) > MOST_REMEMBERED:
        del last[next(iter(last))]
    return last


def _packed(last: Last) -> str:
    """`{"in_stock USD": ["<alert>", <when>, <price>], "back_order": ["<alert>", <when>, null]}`, in micros."""
    told = {
        " ".join(filter(None, key)): (
            one.alert_id,
            epoch_micros(one.at),
            None if one.price is None else micros_of(one.price),
        )
        for key, one in last.items()
    }
    return orjson.dumps(told).decode()


def _unpacked(text: str) -> dict[RepeatKey, LastAccepted]:
    """Rows of before currencies were told apart name none: their prices are in the usual one."""
    last = {}
    for told, (alert, at, price) in orjson.loads(text).items():
        kind, _, currency = told.partition(" ")
        key = RepeatKey(AlertType(kind), currency or ("" if price is None else "USD"))
        last[key] = LastAccepted(UUID(alert), from_micros(at), None if price is None else Decimal(price) / MILLION)
    return last
