"""Everything that is held of one contact, in the clear: for the person whose it is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from tocsin.core.address import AddressKind
from tocsin.core.clock import EPOCH
from tocsin.core.record import rfc3339
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import alerts, clicks, deliveries
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people import consents, lists, search, verifications
from tocsin.ledger.people.rows import ADDRESSES, address_of, suppression_of, wording_of
from tocsin.ledger.people.schema import contacts, questions, suppressions, wordings
from tocsin.ledger.people.vault import Vault
from tocsin.ledger.purchases.listing import credited_to
from tocsin.ledger.purchases.schema import answers

_ADDRESSES = ADDRESSES.where(contacts.c.id == bindparam("identifier"))
_SUPPRESSIONS = select(suppressions).where(suppressions.c.lookup == bindparam("hashed")).order_by(suppressions.c.key)
_MOST = 10_000  # deliveries
_DELIVERIES = (
    select(
        *(deliveries.c[name] for name in ("key", "slot", "target", "state", "why", "moved_at")),
        *(alerts.c.id.label("alert_id"), alerts.c.product_name, alerts.c.sku),
    )
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(among(deliveries.c.slot, "slots"))
    .order_by(deliveries.c.key.desc())
    .limit(_MOST)
)
_CLICKS = select(clicks).where(among(clicks.c.delivery, "keys")).order_by(clicks.c.key)
_ANSWERS = select(answers).where(among(answers.c.delivery, "keys")).order_by(answers.c.key)
_QUESTION = (
    select(questions.c.clicked_at, questions.c.asked_at)
    .join(contacts, contacts.c.key == questions.c.contact)
    .where(contacts.c.id == bindparam("identifier"))
)
_WORDINGS = select(wordings).where(among(wordings.c.sha256, "hashes")).order_by(wordings.c.at)


def exported(connection: Connection, vault: Vault, identifier: UUID, now: datetime) -> Mapping[str, Any]:
    """Raises NotFoundError for one that is not there or was erased."""
    contact = search.contact(connection, identifier, now)
    entries = consents.of_contact(connection, identifier)
    hashes = sorted({entry.wording for entry in entries if entry.wording})
    rows = list(connection.execute(_ADDRESSES, {"identifier": identifier}))
    shown = [wording_of(row) for row in connection.execute(_WORDINGS, {"hashes": hashes})]
    return {
        "contact": contact.as_json() | {"addresses": [_address(connection, vault, row) for row in rows]},
        "consents": [entry.as_json() for entry in entries],
        "wordings": [{"sha256": each.sha256, "version": each.version, "text": each.text} for each in shown],
        "lists": [kept.as_json() for kept in lists.listed(connection) if identifier in kept.contacts],
        "deliveries": _deliveries(connection, rows),
        "question": _question(connection, identifier),
        "purchases": [row.as_json() for row in credited_to(connection, identifier)],
    }


def _deliveries(connection: Connection, rows: Sequence[AnyRow]) -> list[dict[str, Any]]:
    """Tell what the person was told, the newest first, with when they followed its link and what they said of it."""
    ids = {row.key: str(row.id) for row in rows}
    told = list(connection.execute(_DELIVERIES, {"slots": list(ids)}))
    clicked: defaultdict[int, list[str]] = defaultdict(list)
    said: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for click in connection.execute(_CLICKS, {"keys": [row.key for row in told]}):
        clicked[click.delivery].append(rfc3339(click.at))
    for one in connection.execute(_ANSWERS, {"keys": [row.key for row in told]}):
        age = one.age / 1_000_000
        told_of = {"answer": one.answer, "at": rfc3339(one.at), "alert_age_s": age, "sold_out": bool(one.closed)}
        said[one.delivery].append(told_of)
    return [
        {
            "alert": str(row.alert_id),
            "title": row.product_name or row.sku,
            "address": ids[row.slot],
            "target": row.target,
            "state": row.state,
            "why": row.why,
            "at": rfc3339(row.moved_at),
            "clicks": clicked[row.key],
            "answers": said[row.key],
        }
        for row in told
    ]


def _question(connection: Connection, identifier: UUID) -> dict[str, Any] | None:
    """When the person followed a link last, and when a mail asked what came of one."""
    row = connection.execute(_QUESTION, {"identifier": identifier}).first()
    if row is None:
        return None
    return {"clicked_at": rfc3339(row.clicked_at), "asked_at": row.asked_at and rfc3339(row.asked_at)}


def _address(connection: Connection, vault: Vault, row: AnyRow) -> dict[str, Any]:
    lookup = bytes(row.lookup)
    address = address_of(row)
    barred = [suppression_of(one).as_json() for one in connection.execute(_SUPPRESSIONS, {"hashed": lookup})]
    asked = verifications.of_address(connection, address.id, EPOCH)
    return address.as_json() | {
        "value": vault.open(bytes(row.value), lookup, AddressKind(row.kind)).reveal(),
        "zone": address.zone,
        "suppressions": barred,
        "verifications": [verification.as_json() for verification in asked],
    }
