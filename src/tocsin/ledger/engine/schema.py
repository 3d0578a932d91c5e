"""The tables of a ledger. Times and money are BIGINTs of millionths, states are words, keys are BIGINTs that never
leave the house.

There are no foreign keys: one module writes each table, inside transactions, and PostgreSQL would lock the parent row
for every child of a hot path.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    literal_column,
    or_,
    text,
)
from sqlalchemy.types import TypeDecorator

from tocsin.core.clock import epoch_micros, from_micros
from tocsin.core.delivery import WENT_WRONG, DeliveryState

MILLION = 1_000_000


class Moment(TypeDecorator[datetime]):
    """An instant as microseconds since 1970, UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else epoch_micros(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - SQLAlchemy's
        """Without the detour by `process_result_value`: every row of a claim has eight of these."""
        return _moment


class Money(TypeDecorator[Decimal]):
    """An amount as millionths of its currency; what is finer is rounded."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else micros_of(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else Decimal(value) / MILLION


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def micros_of(amount: Decimal) -> int:
    """Count an amount in millionths of its currency; what is finer is rounded."""
    return round(amount * MILLION)


# SQLite makes only an INTEGER PRIMARY KEY the row's own address.
Key = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

stream = Table(
    "stream",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False, comment="always 1: there is one stream"),
    Column("epoch", String, nullable=False),
    Column("link_secret", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False, comment="of the newest event"),
    Column("alert_key", BigInteger, nullable=False, comment="the last one given out, as the next two"),
    Column("delivery_key", BigInteger, nullable=False),
    Column("episode_key", BigInteger, nullable=False),
    Column(
        "directory_version", BigInteger, nullable=False, server_default=text("0"), comment="of who may be told what"
    ),
    *(
        Column(f"{part}_version", BigInteger, nullable=False, server_default=text("0"))
        for part in ("lanes", "targets", "tokens", "conditions", "monitors")
    ),
    Column("people_mark", LargeBinary, comment="of the key that people are kept with; none while there is nobody"),
    Column("browser_key", String, comment="the public one, which browsers subscribe with at every node"),
)

last_commits = Table(
    "last_commits",
    metadata,
    Column("writer", String, primary_key=True, comment="drawn anew by each that opens a ledger on PostgreSQL"),
    Column("number", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False, server_default=text("0"), comment="the one that is never to come"),
    Column("at", BigInteger, nullable=False, comment="microseconds since 1970, by the clock of the database"),
    CheckConstraint("number <> refused OR number = 0", name="last_commits_not_refused"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("type", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("sku", String, nullable=False),
    Column("retailer", String, nullable=False),
    Column("variant", String),
    Column("seller", String),
    Column("product_name", String),
    Column("price", Money),
    Column("currency", String, nullable=False),
    Column("url", String),
    Column("detected_at", Moment, nullable=False),
    Column("metadata", Text, nullable=False, comment="JSON"),
    Column("accepted_at", Moment, nullable=False),
    Column("decision", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("episode", BigInteger, comment="none for filtered alerts and tests"),
    Column("position", BigInteger, comment="of its accepted event"),
    Column("closed_position", BigInteger, comment="of its closed event"),
)

# Beside its alert, so that a search reads names and nothing else.
texts = Table(
    "texts",
    metadata,
    Column("alert", Key, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False, comment="as core.search folds it"),
    Column("name", BigInteger, comment="the text's key in `names`, soon after it was written"),
)

# Each once, however many alerts bear it: these are few, and a search reads them first.
names = Table(
    "names",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False, comment="core.search.name_key"),
    Column("text", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", Key, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("alert", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("opened_at", Moment),
)

episodes = Table(
    "episodes",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False),
    Column("sku", String, nullable=False),
    Column("retailer", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("seller", String, nullable=False),
    Column("opened_at", Moment),
    Column("closed_at", Moment),
    Column("last_seen_at", Moment, nullable=False),
    Column("last", Text, nullable=False, comment="JSON: per type the alert last accepted, when, at what price"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False),
    Column("alert", BigInteger, nullable=False),
    Column("target", String, nullable=False, comment="channel:name"),
    Column("lane", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("why", String),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("moved_at", Moment, nullable=False),
    Column("possibly_repeated", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("episode", BigInteger, comment="none for tests"),
    Column("attempt", BigInteger, comment="the newest that carried it"),
    Column("fallback", Text, comment="JSON: the plans that are left"),
    Column("fail_over_at", Moment),
    Column("product", String, comment="set where it may join a message about the same product"),
    Column("route", String, comment="the name of the rule that led to its target"),
    Column("slot", BigInteger, server_default=text("0"), comment="whose it is; 0: nobody's, none: it is a set"),
    Column("recipients", LargeBinary, comment="a waiting set: a shard of its audience, packed"),
    Column("people", Integer, nullable=False, server_default=text("1"), comment="how many it is for"),
    Column("digest", Moment, comment="the hour of the digest that it is gathered for; none: it leaves by itself"),
)

# What was decided of a list beside those whom it tells.
audiences = Table(
    "audiences",
    metadata,
    Column("alert", BigInteger, primary_key=True, autoincrement=False),
    Column("target", String, primary_key=True),
    Column("left_out", Text, nullable=False, comment="JSON: how many, by reason"),
    Column("reserve", LargeBinary, comment="the audience that it may take over as a fallback, by the bits of a number"),
    Column("most", Integer, comment="how many of these"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", Key, primary_key=True),
    Column("target", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("outcome", String),
    Column("status", Integer),
    Column("answer", Text, nullable=False),
    Column("mentioned", Text, nullable=False),
    Column("members", Integer, nullable=False),
    Column("units", Integer, comment="of its lane's rates; none while it is under way"),
    Column("node", String, comment="whose it is; none where a process has the ledger to itself"),
)

attempt_members = Table(
    "attempt_members",
    metadata,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Every move that no attempt tells: written, never changed.
delivery_moves = Table(
    "delivery_moves",
    metadata,
    Column("key", Key, primary_key=True),
    Column("delivery", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("origin", String, nullable=False),
    Column("origin_why", String),
    Column("state", String, nullable=False),
    Column("why", String),
    Column("detail", Text, nullable=False),
)

# What providers say later, each event once. `matched_at` is none while it is parked.
signals = Table(
    "signals",
    metadata,
    Column("key", Key, primary_key=True),
    Column("channel", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("delivery", BigInteger),
    Column("reference", String),
    Column("detail", Text, nullable=False),
    Column("units", Integer),
    Column("cost", Money),
    Column("currency", String),
    Column("matched_at", Moment),
)

# What the provider calls a message, what it counts for and what it costs.
receipts = Table(
    "receipts",
    metadata,
    Column("delivery", Key, primary_key=True, autoincrement=False),
    Column("channel", String, nullable=False),
    Column("reference", String),
    Column("units", Integer),
    Column("cost", Money),
    Column("currency", String),
)

# What stands at the provider; an edit is due where `shown` and `wanted` differ.
messages = Table(
    "messages",
    metadata,
    Column("delivery", Key, primary_key=True, autoincrement=False),
    Column("reference", String, nullable=False),
    Column("shown", String, nullable=False),
    Column("wanted", String, nullable=False),
    Column("sent_at", Moment, nullable=False),
)

# Those that rest. What is not here is served.
targets = Table(
    "targets",
    metadata,
    Column("target", String, primary_key=True),
    Column("disabled_at", Moment, nullable=False),
    Column("why", String, nullable=False),
    Column("detail", Text, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String, primary_key=True),
    Column("owner", String, primary_key=True),
    Column("covers", String, primary_key=True, comment="item, request, or a later part of one"),
    Column("digest", String, nullable=False),
    Column("answer", Text, nullable=False, comment="JSON, given again word for word"),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("scopes", String, nullable=False, comment="separated by spaces"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
)

monitors = Table(
    "monitors",
    metadata,
    Column("id", String, primary_key=True),
    Column("retailer", String, nullable=False),
    Column("skus", Text, nullable=False, comment="JSON"),
    Column("interval", BigInteger, nullable=False, comment="microseconds"),
    Column("registered_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("lost_at", Moment),
)

# What operators should know of, while it lasts and until they have been told that it is over.
conditions = Table(
    "conditions",
    metadata,
    Column("what", String, primary_key=True, comment="a stable word"),
    Column("about", String, primary_key=True, comment="a target, a lane, a monitor, ..."),
    Column("began_at", Moment, nullable=False),
    Column("over_at", Moment),
    Column("detail", Text, nullable=False),
    Column("told", Text, nullable=False, comment="JSON: per target what it was last told, began or over"),
    Column("node", String, comment="that has seen it; none where a process has the ledger to itself"),
)

# Lanes that are shut by their provider or their breaker: what is not here is open.
lanes = Table(
    "lanes",
    metadata,
    Column("lane", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("probe_at", Moment),
    Column("shut_until", Moment),
    Column("why", String, nullable=False),
)

clicks = Table(
    "clicks",
    metadata,
    Column("key", Key, primary_key=True),
    Column("delivery", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False, comment="person, suspect or robot"),
    Column("why", String, nullable=False, comment="what told so; empty for persons"),
)


def in_state(state: DeliveryState, table: FromClause = deliveries) -> ColumnElement[bool]:
    """Say that a row is in that state: spelled out, never a parameter, so that both databases see that a partial index
    fits.
    """
    return table.c.state == literal_column(f"'{state.value}'")


def in_any(states: Iterable[DeliveryState], table: FromClause = deliveries) -> ColumnElement[bool]:
    """Say that a row is in one of these states, each spelled out."""
    return or_(*(in_state(state, table) for state in states))


PENDING = in_state(DeliveryState.PENDING)
IS_OPEN = episodes.c.opened_at.is_not(None) & episodes.c.closed_at.is_(None)
ALONE = alerts.c.episode.is_(None)
UNNAMED = texts.c.name.is_(None)
JOINING = deliveries.c.product.is_not(None)
EDIT_DUE = messages.c.shown != messages.c.wanted
PARKED = signals.c.matched_at.is_(None)
STRAY = PARKED | signals.c.delivery.is_(None)  # of no delivery that is known, or of a person
IS_SET = deliveries.c.slot.is_(None)
OF_NOBODY = deliveries.c.slot == literal_column("0")  # its target is no list
OF_PERSON = deliveries.c.slot > literal_column("0")

Index("texts_name", texts.c.name, texts.c.alert)
Index("texts_unnamed", texts.c.alert, sqlite_where=UNNAMED, postgresql_where=UNNAMED)
Index("alerts_episode", alerts.c.episode, alerts.c.closed_at)
Index("alerts_alone", alerts.c.sku, sqlite_where=ALONE, postgresql_where=ALONE)
Index("episodes_product", episodes.c.sku, episodes.c.retailer, episodes.c.variant, episodes.c.seller, unique=True)
Index("episodes_seen", episodes.c.last_seen_at)
# Sets have no slot, and none is like another to a unique index.
Index("deliveries_once", deliveries.c.alert, deliveries.c.target, deliveries.c.slot, unique=True)
Index("attempts_started", attempts.c.started_at)
Index("attempt_members_attempt", attempt_members.c.attempt)
Index("idempotency_at", idempotency.c.at)
Index("clicks_delivery", clicks.c.delivery)
Index("messages_reference", messages.c.reference)
Index("signals_event", signals.c.event_id, signals.c.channel, unique=True)
Index("receipts_reference", receipts.c.reference, receipts.c.channel)
Index("delivery_moves_delivery", delivery_moves.c.delivery)

# The queue: small however long history grows, since a delivery leaves these indexes with its state.
_FAILING_OVER = PENDING & deliveries.c.fail_over_at.is_not(None)
# Deferred, or held by quiet hours; all others are due at once. Where the clock was set back, later may be earlier.
LATER = deliveries.c.due != deliveries.c.planned_at
GATHERED = deliveries.c.digest.is_not(None)


def _partial(name: str, where: ColumnElement[bool], *columns: ColumnElement[Any]) -> None:
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


_partial("messages_edit", EDIT_DUE, messages.c.reference)
_partial("signals_parked", PARKED, signals.c.delivery)
_partial("signals_parked_name", PARKED, signals.c.reference)
_partial("signals_stray", STRAY, signals.c.at)
_partial("deliveries_claim", PENDING, deliveries.c.lane, deliveries.c.priority.desc(), deliveries.c.key)
_partial("deliveries_due", PENDING & LATER, deliveries.c.lane, deliveries.c.due)
_partial("deliveries_life", PENDING, deliveries.c.expires_at)
_partial("deliveries_waiting", PENDING, deliveries.c.episode)
_partial("deliveries_product", JOINING, deliveries.c.product, deliveries.c.target)
_partial("deliveries_sets", PENDING & IS_SET, deliveries.c.target)
_partial("deliveries_person", OF_PERSON, deliveries.c.slot, deliveries.c.attempt)
_partial("deliveries_digest", PENDING & GATHERED, deliveries.c.target, deliveries.c.slot)
_partial("deliveries_fail_over", _FAILING_OVER, deliveries.c.fail_over_at)
for _state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
    _partial(f"deliveries_{_state.value}", in_state(_state), deliveries.c.episode, deliveries.c.target)

# What went wrong is rare, and looked for.
for _state in WENT_WRONG:
    _partial(f"deliveries_{_state.value}", in_state(_state), deliveries.c.alert)
