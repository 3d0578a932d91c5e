"""The watch list is read by page: each product at a retailer as it stands, what was seen last first.

A page costs what it shows: its rows come by the index of when they were seen, their alerts by their ids, their prices
by the index of their episode. A search looks through the names of the last alerts, MOST_LOOKED_AT at a time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, or_, select

from tocsin.core.clock import epoch_micros, from_micros
from tocsin.core.errors import InvalidRequestError
from tocsin.core.monitor import Monitor, silent_since
from tocsin.core.record import AlertRecord
from tocsin.core.search import folded
from tocsin.ledger.contract import Page, PricePoint, WatchQuery, WatchRow, WatchState
from tocsin.ledger.engine.in_list import among, each_of
from tocsin.ledger.engine.rows import RECORD, record_of
from tocsin.ledger.engine.schema import IS_OPEN, alerts, episodes
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.page import below, bounded, token_of

MOST_LOOKED_AT = 20_000  # products of one search: the page after it goes on where it ended
PRICES = 24  # of one product

_BATCH = 500
_SEEN, _UNSEEN = "watched", "unseen"
_KEY_BITS = 40

_EPISODES = select(episodes).order_by(episodes.c.last_seen_at.desc(), episodes.c.key.desc())
_NAMED = alerts.c.id.in_(bindparam("ids", expanding=True))
_ALERTS = select(*RECORD).where(_NAMED)
_NAMES = select(alerts.c.id, alerts.c.product_name).where(_NAMED)
_KNOWN = select(episodes.c.sku, episodes.c.retailer).where(among(episodes.c.sku, "skus"))
_BY_STATE: Mapping[WatchState, ColumnElement[bool]] = {
    WatchState.IN_STOCK: IS_OPEN,
    WatchState.SOLD_OUT: episodes.c.closed_at.is_not(None),
    WatchState.ANNOUNCED: episodes.c.opened_at.is_(None),
    WatchState.UNSEEN: false(),
}

_of = each_of("keys")


def _newest(which: ColumnElement[bool], *order: ColumnElement[Any]) -> Any:
    """Read the newest priced alerts of each episode. The index has them by when they were closed: those that are not
    are asked for by themselves.
    """
    keys = (
        select(alerts.c.key)
        .where(alerts.c.episode == _of.c.value, which)
        .order_by(*order, alerts.c.key.desc())
        .limit(PRICES)
        .correlate(_of)
    )
    priced = select(alerts.c.episode, alerts.c.key, alerts.c.accepted_at, alerts.c.price, alerts.c.currency)
    return priced.select_from(_of.join(alerts, alerts.c.key.in_(keys))).where(alerts.c.price.is_not(None))


_OPEN_PRICES = _newest(alerts.c.closed_at.is_(None))
_CLOSED_PRICES = _newest(alerts.c.closed_at.is_not(None), alerts.c.closed_at.desc())


def watched(connection: Connection, query: WatchQuery, monitors: Sequence[Monitor]) -> Page[WatchRow]:
    """Read a page of products. Raises InvalidRequestError."""
    limit = bounded(query.limit)
    look = _Look(connection, query, monitors)
    seen: tuple[WatchRow, ...] = ()
    start = _unseen_from(query.page)
    if start is None:
        seen, after = look.seen(limit)
        if after is not None:
            return Page(seen, after)
    rest, after = look.unseen(start or 0, limit - len(seen))
    return Page((*seen, *rest), after)


def _unseen_from(page: str | None) -> int | None:
    """Tell where among those whom only monitors know the page begins; None where it begins before them."""
    try:
        return below(page, _UNSEEN)
    except InvalidRequestError:
        return None


class _Look:
    """A look at the products that one query means, with the eyes of the monitors that it means."""

    def __init__(self, connection: Connection, query: WatchQuery, monitors: Sequence[Monitor]) -> None:
        self._connection = connection
        self._query = query
        self._by_name: dict[tuple[str, str | None], list[Monitor]] = defaultdict(list)
        for monitor in monitors:
            for sku in monitor.skus or (None,):  # without any it looks at the whole shop
                self._by_name[monitor.retailer, sku].append(monitor)
        self._looked_to: int | None = None  # where a search had looked at enough
        silent = query.state is WatchState.SILENT
        self._eyes = tuple(
            monitor
            for monitor in monitors
            if query.monitor in (None, monitor.id) and not (silent and monitor.lost_at is None)
        )

    def seen(self, limit: int) -> tuple[tuple[WatchRow, ...], str | None]:
        """Those that alerts were about, and the token of the page after them, if there is one."""
        found = list(islice(self._meant(limit + 1), limit + 1))
        shown = found[:limit]
        last, prices = self._last(shown), self._prices([row.key for row in shown])
        rows = tuple(self._row(row, last.get(row.key), prices[row.key]) for row in shown)
        after = _place(shown[-1]) if len(found) > limit else self._looked_to
        return rows, None if after is None else token_of(_SEEN, after)

    def unseen(self, start: int, room: int) -> tuple[tuple[WatchRow, ...], str | None]:
        """Those from there on that only monitors know, and the token of the page after them, if there is one."""
        pairs = self._pairs()
        rows: list[WatchRow] = []
        while start < len(pairs) and len(rows) < room:
            some = pairs[start : start + min(_BATCH, room - len(rows))]
            known = {(row.sku, row.retailer) for row in self._rows(_KNOWN, skus=[sku for sku, _ in some])}
            rows += [self._unseen_row(*pair) for pair in some if pair not in known]
            start += len(some)
        return tuple(rows), token_of(_UNSEEN, start) if start < len(pairs) else None

    def _meant(self, few: int) -> Iterator[AnyRow]:
        """Rows of episodes; `few` at a time where the database itself knows which are meant."""
        query = self._query
        some = _BATCH if query.words or query.state is WatchState.SILENT else few
        statement, end = _EPISODES.where(*self._conditions()), below(query.page, _SEEN)
        for _ in range(0, MOST_LOOKED_AT, some):
            batch = statement if end is None else statement.where(_after(end))
            rows = self._connection.execute(batch.limit(some)).all()
            names = self._names(rows) if query.words else {}
            for row in rows:
                named = _says(query, row.sku, row.retailer, row.variant, row.seller, names.get(_last_of(row)))
                if named and not (query.state is WatchState.SILENT and self._is_heard(row.retailer, row.sku)):
                    yield row
            if len(rows) < some:
                return
            end = _place(rows[-1])
        self._looked_to = end

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        query = self._query
        if query.state is not None and query.state in _BY_STATE:
            yield _BY_STATE[query.state]
        if query.retailers:
            yield episodes.c.retailer.in_(query.retailers)
        if query.monitor is not None or query.state is WatchState.SILENT:
            yield or_(false(), *map(_looks_at, self._eyes))

    def _names(self, rows: Sequence[AnyRow]) -> Mapping[UUID, str | None]:
        """What the products are called, by the alerts that were last accepted about them."""
        return {row.id: row.product_name for row in self._rows(_NAMES, ids=[_last_of(row) for row in rows])}

    def _last(self, rows: Sequence[AnyRow]) -> Mapping[int, AlertRecord]:
        """By episode, the alert that was last accepted, where it is kept."""
        named = {row.key: _last_of(row) for row in rows}
        found = {one.alert.id: one for one in map(record_of, self._rows(_ALERTS, ids=list(named.values())))}
        return {key: found[one] for key, one in named.items() if one in found}

    def _prices(self, keys: list[int]) -> Mapping[int, list[AnyRow]]:
        told: dict[int, list[AnyRow]] = defaultdict(list)
        for statement in (_OPEN_PRICES, _CLOSED_PRICES) if keys else ():
            for row in self._rows(statement, keys=keys):
                told[row.episode].append(row)
        return defaultdict(list, {key: sorted(rows, key=lambda row: row.key)[-PRICES:] for key, rows in told.items()})

    def _pairs(self) -> Sequence[tuple[str, str]]:
        if self._query.state not in (None, WatchState.UNSEEN, WatchState.SILENT):
            return ()
        pairs = {(sku, monitor.retailer) for monitor in self._eyes for sku in monitor.skus}
        return [pair for pair in sorted(pairs) if self._wants(*pair)]

    def _wants(self, sku: str, retailer: str) -> bool:
        if self._query.retailers and retailer not in self._query.retailers:
            return False
        if self._query.state is WatchState.SILENT and self._is_heard(retailer, sku):
            return False
        return _says(self._query, sku, retailer)

    def _is_heard(self, retailer: str, sku: str) -> bool:
        return silent_since(self._looking_at(retailer, sku)) is None

    def _looking_at(self, retailer: str, sku: str) -> tuple[Monitor, ...]:
        return (*self._by_name.get((retailer, sku), ()), *self._by_name.get((retailer, None), ()))

    def _row(self, row: AnyRow, last: AlertRecord | None, prices: Sequence[AnyRow]) -> WatchRow:
        state, since = _stands(row)
        return WatchRow(
            sku=row.sku,
            retailer=row.retailer,
            variant=row.variant or None,
            seller=row.seller or None,
            state=state,
            since=since,
            last_seen_at=row.last_seen_at,
            last=last,
            prices=tuple(
                PricePoint(at=one.accepted_at, price=one.price)
                for one in prices
                if last is None or one.currency == last.alert.currency
            ),
            monitors=self._looking_at(row.retailer, row.sku),
        )

    def _unseen_row(self, sku: str, retailer: str) -> WatchRow:
        return WatchRow(sku=sku, retailer=retailer, state=WatchState.UNSEEN, monitors=self._looking_at(retailer, sku))

    def _rows(self, statement: Any, **parameters: Any) -> Sequence[AnyRow]:
        return self._connection.execute(statement, parameters).all()


def _last_of(row: AnyRow) -> UUID:
    """The alert that was last accepted, of those that an episode remembers by their types."""
    identifier, *_ = max(orjson.loads(row.last).values(), key=lambda one: one[1])
    return UUID(identifier)


def _stands(row: AnyRow) -> tuple[WatchState, datetime | None]:
    if row.opened_at is None:
        return WatchState.ANNOUNCED, None
    return (WatchState.IN_STOCK, row.opened_at) if row.closed_at is None else (WatchState.SOLD_OUT, row.closed_at)


def _says(query: WatchQuery, *names: str | None) -> bool:
    if not query.words:
        return True
    text = "\n".join(folded(name) for name in names if name)
    return all(word in text for word in query.words)


def _looks_at(monitor: Monitor) -> ColumnElement[bool]:
    shop = episodes.c.retailer == monitor.retailer
    return and_(shop, episodes.c.sku.in_(monitor.skus)) if monitor.skus else shop


def _place(row: AnyRow) -> int:
    """One number for where a row stands in the list: when it was seen, then its key."""
    return epoch_micros(row.last_seen_at) << _KEY_BITS | int(row.key)


def _after(place: int) -> ColumnElement[bool]:
    at, key = place >> _KEY_BITS, place & (1 << _KEY_BITS) - 1
    seen_at = from_micros(at)
    return and_(episodes.c.last_seen_at <= seen_at, or_(episodes.c.last_seen_at < seen_at, episodes.c.key < key))
