"""The episodes that one transaction touches: read at once, kept up to date in memory, written at once."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select, update

from tocsin.core.alert import Alert, AlertType, EpisodeKey
from tocsin.core.decision import Episode, LastAccepted
from tocsin.ledger.schema import episodes, latest, micros_of
from tocsin.ledger.stream import Stream
from tocsin.ledger.transaction import Transaction

_FIND = (
    select(
        *(episodes.c[name] for name in ("key", "sku", "retailer", "variant", "seller")),
        *(episodes.c[name] for name in ("opened_at", "closed_at", "last_seen_at")),
        *(latest.c[name] for name in ("type", "alert_id", "at", "price")),
    )
    .outerjoin(latest, latest.c.episode == episodes.c.key)
    .where(episodes.c.sku.in_(bindparam("skus", expanding=True)))
)
_SAVE = update(episodes).where(episodes.c.key == bindparam("of"))
_SAVE_LATEST = update(latest).where(latest.c.episode == bindparam("of"), latest.c.type == bindparam("kind"))

SKUS_AT_ONCE = 500


class Episodes:
    def __init__(self, transaction: Transaction, stream: Stream, skus: Iterable[str]) -> None:
        self._transaction = transaction
        self._stream = stream
        self._known: dict[EpisodeKey, Episode] = {}
        self._keys: dict[EpisodeKey, int] = {}
        self._stored: set[EpisodeKey] = set()
        self._stored_types: set[tuple[EpisodeKey, AlertType]] = set()
        self._changed: dict[EpisodeKey, None] = {}
        self._changed_types: dict[tuple[EpisodeKey, AlertType], None] = {}
        wanted = sorted(set(skus))
        for start in range(0, len(wanted), SKUS_AT_ONCE):
            self._load(wanted[start : start + SKUS_AT_ONCE])

    def find(self, key: EpisodeKey) -> Episode | None:
        return self._known.get(key)

    def key_of(self, key: EpisodeKey) -> int:
        return self._keys[key]

    @property
    def touched(self) -> list[int]:
        """Keys of those that were stored before and have changed."""
        return [self._keys[key] for key in self._changed if key in self._stored]

    def accept(self, key: EpisodeKey, alert: Alert, now: datetime) -> int:
        """This is what was last accepted of its type; what can be bought opens the episode. Returns its row's key."""
        known = self._known.get(key)
        if known is None:
            self._keys[key] = self._stream.next_episode()
            known = Episode(key=key, last={})
        opened_at, closed_at = known.opened_at, known.closed_at
        if alert.type.buyable and (opened_at is None or closed_at is not None):
            opened_at, closed_at = now, None
        last = {**known.last, alert.type: LastAccepted(alert.id, now, alert.price)}
        self._known[key] = Episode(key=key, opened_at=opened_at, closed_at=closed_at, last_seen_at=now, last=last)
        self._changed[key] = None
        self._changed_types[key, alert.type] = None
        return self._keys[key]

    def see(self, key: EpisodeKey, now: datetime) -> None:
        """A repeat: the detector still sees it."""
        known = self._known.get(key)
        if known is not None and known.last_seen_at != now:
            self._known[key] = Episode(
                key=key, opened_at=known.opened_at, closed_at=known.closed_at, last_seen_at=now, last=known.last
            )
            self._changed[key] = None

    def save(self) -> None:
        self._transaction.insert(episodes, [self._row(key) for key in self._changed if key not in self._stored])
        self._transaction.write_each(_SAVE, [self._change(key) for key in self._changed if key in self._stored])
        fresh = [change for change in self._changed_types if change not in self._stored_types]
        self._transaction.insert(latest, [self._latest_row(*change) for change in fresh])
        stale = [change for change in self._changed_types if change in self._stored_types]
        self._transaction.write_each(_SAVE_LATEST, [self._latest_change(*change) for change in stale])

    def _load(self, skus: list[str]) -> None:
        for row in self._transaction.rows(_FIND, skus=skus):
            key = EpisodeKey(row.sku, row.retailer, row.variant, row.seller)
            known = self._known.get(key)
            last = dict(known.last) if known else {}
            if row.type is not None:
                kind = AlertType(row.type)
                last[kind] = LastAccepted(row.alert_id, row.at, row.price)
                self._stored_types.add((key, kind))
            self._known[key] = Episode(
                key=key, opened_at=row.opened_at, closed_at=row.closed_at, last_seen_at=row.last_seen_at, last=last
            )
            self._keys[key] = row.key
            self._stored.add(key)

    def _row(self, key: EpisodeKey) -> tuple[object, ...]:
        known, stored = self._known[key], self._transaction.stored
        opened_at = None if known.opened_at is None else stored(known.opened_at)
        return self._keys[key], *key, opened_at, None, self._transaction.micros

    def _change(self, key: EpisodeKey) -> dict[str, object]:
        known = self._known[key]
        return {
            "of": self._keys[key],
            "opened_at": known.opened_at,
            "closed_at": known.closed_at,
            "last_seen_at": known.last_seen_at,
        }

    def _latest_row(self, key: EpisodeKey, kind: AlertType) -> tuple[object, ...]:
        last = self._known[key].last[kind]
        price = None if last.price is None else micros_of(last.price)
        return self._keys[key], kind.value, last.alert_id.hex, self._transaction.stored(last.at), price

    def _latest_change(self, key: EpisodeKey, kind: AlertType) -> dict[str, object]:
        last = self._known[key].last[kind]
        return {
            "of": self._keys[key],
            "kind": kind.value,
            "alert_id": last.alert_id,
            "at": last.at,
            "price": last.price,
        }
