"""Purchases are listed as they stand, with what was known of them before."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from tocsin.core.alert import id_of_key
from tocsin.core.attribution import CreditReason
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.purchases import PurchaseQuery, PurchaseRow, RevisionRow
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import alerts, deliveries
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.page import below, bounded, page_of
from tocsin.ledger.people.schema import contacts
from tocsin.ledger.purchases.schema import is_newest, purchases

_LIST = "purchases"
_WHOLE = (
    select(*purchases.columns, alerts.c.id.label("alert_id"), deliveries.c.planned_at)
    .outerjoin(alerts, alerts.c.key == purchases.c.alert)
    .outerjoin(deliveries, deliveries.c.key == purchases.c.delivery)
)
_BY_KEYS = _WHOLE.where(among(purchases.c.key, "keys"))
_OF_CONTACT = _WHOLE.join(contacts, contacts.c.key == purchases.c.contact).where(is_newest()).order_by(purchases.c.key)
_REVISIONS = (
    select(purchases)
    .where(purchases.c.source == bindparam("source_is"), among(purchases.c.external_id, "names"))
    .order_by(purchases.c.revision)
)


def purchases_page(connection: Connection, query: PurchaseQuery) -> Page[PurchaseRow]:
    """Those that were told of last first. Raises InvalidRequestError."""
    limit, last = bounded(query.limit), below(query.page, _LIST)
    question = _WHOLE.where(is_newest(), *_conditions(query)).order_by(purchases.c.key.desc()).limit(limit + 1)
    if last is not None:
        question = question.where(purchases.c.key < last)
    rows = connection.execute(question).all()
    whole = purchases_of(connection, rows[:limit])
    return page_of(rows, limit, _LIST, lambda row: whole[row.key])


def credited_to(connection: Connection, contact: UUID) -> Sequence[PurchaseRow]:
    """Those of a person, the first that was told of first."""
    rows = connection.execute(_OF_CONTACT.where(contacts.c.id == contact)).all()
    whole = purchases_of(connection, rows)
    return [whole[row.key] for row in rows]


def standing(connection: Connection, keys: Sequence[int]) -> dict[int, PurchaseRow]:
    """The purchases whose newest revisions these are."""
    return purchases_of(connection, connection.execute(_BY_KEYS, {"keys": list(keys)}).all())


def purchases_of(connection: Connection, rows: Sequence[AnyRow]) -> dict[int, PurchaseRow]:
    named: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        named[row.source].add(row.external_id)
    known: defaultdict[tuple[str, str], list[AnyRow]] = defaultdict(list)
    for source, names in named.items():
        for row in connection.execute(_REVISIONS, {"source_is": source, "names": sorted(names)}):
            known[source, row.external_id].append(row)
    return {row.key: _purchase(row, known[row.source, row.external_id]) for row in rows}


def _purchase(row: AnyRow, revisions: Sequence[AnyRow]) -> PurchaseRow:
    there = row.delivery is not None and row.planned_at is not None
    return PurchaseRow(
        id=revisions[0].id,
        source=row.source,
        external_id=row.external_id,
        at=row.at,
        currency=row.currency,
        sku=row.sku,
        retailer=row.retailer,
        reason=CreditReason(row.reason),
        target=None if row.target is None else target_of(row.target),
        alert_id=row.alert_id,
        delivery_id=id_of_key(row.planned_at, row.delivery) if there else None,
        clicked_at=row.clicked_at,
        revisions=tuple(map(_revision, revisions)),
    )


def _revision(row: AnyRow) -> RevisionRow:
    return RevisionRow(
        entered_at=row.entered_at,
        state=PurchaseState(row.state),
        quantity=row.quantity,
        amount=row.amount,
        commission=row.commission,
        author=row.author,
    )


def _conditions(query: PurchaseQuery) -> list[ColumnElement[bool]]:
    narrowing: list[ColumnElement[bool] | None] = [
        purchases.c.at >= query.since if query.since else None,
        purchases.c.at < query.until if query.until else None,
        purchases.c.state == query.state.value if query.state else None,
        purchases.c.source == query.source if query.source else None,
        _on_channel(query.channel) if query.channel else None,
        purchases.c.retailer == query.retailer if query.retailer else None,
        purchases.c.sku == query.sku if query.sku else None,
        purchases.c.alert.in_(_alert(query)) if query.alert else None,
        None if query.credited is None else purchases.c.target.is_not(None).is_(query.credited),
    ]
    return [condition for condition in narrowing if condition is not None]


def _on_channel(channel: str) -> ColumnElement[bool]:
    if ":" in channel:
        return purchases.c.target == channel
    return purchases.c.target.startswith(f"{channel}:", autoescape=True)


def _alert(query: PurchaseQuery) -> Select[tuple[int]]:
    return select(alerts.c.key).where(alerts.c.id == query.alert)
