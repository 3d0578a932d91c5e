"""Lists as an alert tells of them: how many people are in which state, and who they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, func, select

from tocsin.core.alert import id_of_key
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.errors import NotFoundError
from tocsin.core.recipients import Shard
from tocsin.ledger.contract import AudienceRow, Page, RecipientRow
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import IS_SET, OF_NOBODY, alerts, audiences, deliveries, in_state
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.page import below, bounded, token_of

_COUNTS = (
    select(
        deliveries.c.alert,
        deliveries.c.target,
        deliveries.c.state,
        func.sum(deliveries.c.people).label("people"),
        func.max(deliveries.c.route).label("route"),
        func.min(deliveries.c.planned_at).label("planned_at"),
        func.max(deliveries.c.moved_at).label("moved_at"),
    )
    .where(among(deliveries.c.alert, "alerts"), ~OF_NOBODY | IS_SET)
    .group_by(deliveries.c.alert, deliveries.c.target, deliveries.c.state)
)
_LEFT_OUT = select(audiences.c.alert, audiences.c.target, audiences.c.left_out).where(
    among(audiences.c.alert, "alerts"), audiences.c.reserve.is_(None) | (audiences.c.left_out != "{}")
)
_KEY = select(alerts.c.key).where(alerts.c.id == bindparam("identifier"))
_TOLD = (deliveries.c.state, deliveries.c.why, deliveries.c.moved_at, deliveries.c.detail)
_AT = (deliveries.c.alert == bindparam("alert"), deliveries.c.target == bindparam("target"))
_SETS = select(deliveries.c.recipients, *_TOLD).where(*_AT, IS_SET)
_ROWS = (
    select(deliveries.c.slot, deliveries.c.key, deliveries.c.planned_at, *_TOLD)
    .where(*_AT, deliveries.c.slot > bindparam("after"))
    .order_by(deliveries.c.slot)
    .limit(bindparam("most"))
)
_PAGES = "recipients"


def audiences_of(connection: Connection, keys: Sequence[int]) -> Mapping[int, tuple[AudienceRow, ...]]:
    """Count, by the key of each alert, the people of its lists; those that stand in reserve are told of once they are
    needed.
    """
    counted: defaultdict[tuple[int, str], list[AnyRow]] = defaultdict(list)
    for row in connection.execute(_COUNTS, {"alerts": list(keys)}):
        counted[row.alert, row.target].append(row)
    left_out = {(row.alert, row.target): row.left_out for row in connection.execute(_LEFT_OUT, {"alerts": list(keys)})}
    found: defaultdict[int, tuple[AudienceRow, ...]] = defaultdict(tuple)
    for place in sorted(counted.keys() | left_out.keys()):
        mine = counted[place]
        found[place[0]] += (
            AudienceRow(
                target=target_of(place[1]),
                states={DeliveryState(row.state): int(row.people) for row in mine},
                left_out=orjson.loads(left_out.get(place, "{}")),
                route=next((row.route for row in mine), None),
                planned_at=min((row.planned_at for row in mine), default=None),
                moved_at=max((row.moved_at for row in mine), default=None),
            ),
        )
    return found


def recipients_page(
    connection: Connection, of: tuple[UUID, Target], state: DeliveryState | None, limit: int, page: str | None
) -> Page[RecipientRow]:
    """Read a page of the people of a list, by their slots: those with rows of their own, and those who wait."""
    identifier, target = of
    limit, after = bounded(limit), below(page, _PAGES) or 0
    alert = connection.scalar(_KEY, {"identifier": identifier})
    if alert is None:
        raise NotFoundError(f"there is no alert {identifier}, or it is not kept any more")
    where = () if state is None else (in_state(state),)
    place = {"alert": alert, "target": str(target)}
    found = [
        RecipientRow(
            slot=slot, state=DeliveryState(row.state), why=_why(row.why), moved_at=row.moved_at, detail=row.detail
        )
        for row in connection.execute(_SETS.where(*where), place)
        for slot in islice((slot for slot in Shard.unpack(row.recipients).slots() if slot > after), limit + 1)
    ]
    found += [
        RecipientRow(
            slot=row.slot,
            state=DeliveryState(row.state),
            why=_why(row.why),
            moved_at=row.moved_at,
            detail=row.detail,
            delivery=id_of_key(row.planned_at, row.key),
        )
        for row in connection.execute(_ROWS.where(*where), place | {"after": after, "most": limit + 1})
    ]
    found.sort(key=lambda one: one.slot)
    shown = tuple(found[:limit])
    return Page(shown, token_of(_PAGES, shown[-1].slot) if len(found) > limit else None)


def _why(word: str | None) -> Why | None:
    return None if word is None else Why(word)
