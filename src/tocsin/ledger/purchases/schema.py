"""The tables of what telling people brought and cost. Purchases and answers are written, never changed: what is known
later of one is a row of its own, and the newest counts.
"""

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Index, Integer, String, Table, Uuid, exists

from tocsin.ledger.engine.schema import Key, Moment, Money, metadata

# Retention passes them by: they say by themselves whom they are credited to.
purchases = Table(
    "purchases",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("source", String, nullable=False, comment="who told of it: a shop, a network; bought: a person did"),
    Column("external_id", String, nullable=False, comment="what it is called there"),
    Column("revision", Integer, nullable=False, comment="1: the purchase; more: a correction of it"),
    Column("at", Moment, nullable=False, comment="of the purchase, in every revision"),
    Column("entered_at", Moment, nullable=False, comment="of this revision, as the next three"),
    Column("author", String, nullable=False, comment="on whose word: token:shop, person, ..."),
    Column("told", String, nullable=False, comment="JSON: the purchase as it was told, or what is added to it"),
    Column("entry", String, comment="what its source calls a correction that is added; none for any other"),
    Column("state", String, nullable=False, comment="reported, pending, confirmed or reversed"),
    Column("quantity", Integer, nullable=False),
    Column("amount", Money, comment="none where nobody has said it"),
    Column("commission", Money),
    Column("currency", String, comment="of both"),
    Column("sku", String),
    Column("retailer", String),
    Column("reason", String, nullable=False, comment="a stable word: how it is credited, or why it is not"),
    Column("target", String, comment="channel:name that it is credited to; none: it is unattributed"),
    Column("alert", BigInteger, comment="which was told there"),
    Column("delivery", BigInteger, comment="by which; none where only the channel is known"),
    Column("contact", BigInteger, comment="to whom; none for whom no list was told, and once that person was erased"),
    Column("clicked_at", Moment, comment="when the click was made that it is credited to"),
)

# What people said of an alert on its page, in a push or in a mail.
answers = Table(
    "answers",
    metadata,
    Column("key", Key, primary_key=True),
    Column("delivery", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("answer", String, nullable=False, comment="bought, useful, too_late or not_for_me"),
    Column("age", BigInteger, nullable=False, comment="microseconds from its detection to this answer"),
    Column("closed", Boolean, nullable=False, comment="whether it was sold out by then"),
)

# As the configuration had it in that month, so that what was earned before is not worked out with today's price.
monthly_costs = Table(
    "monthly_costs",
    metadata,
    Column("month", String, primary_key=True, comment="2026-11, UTC"),
    Column("channel", String, primary_key=True),
    Column("amount", Money, nullable=False),
    Column("currency", String, nullable=False),
)

_later, _said_later = purchases.alias("later"), answers.alias("said_later")


def is_newest() -> ColumnElement[bool]:
    """Say that a row is what is known of its purchase now."""
    same = (_later.c.source == purchases.c.source) & (_later.c.external_id == purchases.c.external_id)
    return ~exists().where(same, _later.c.revision > purchases.c.revision)


def is_last_answer() -> ColumnElement[bool]:
    """Say that a row is what was said last of its delivery."""
    return ~exists().where(_said_later.c.delivery == answers.c.delivery, _said_later.c.key > answers.c.key)


Index("purchases_once", purchases.c.source, purchases.c.external_id, purchases.c.revision, unique=True)
Index("purchases_entry", purchases.c.source, purchases.c.entry, unique=True)
Index("purchases_at", purchases.c.at)
Index("purchases_alert", purchases.c.alert)
Index("purchases_contact", purchases.c.contact)
Index("answers_delivery", answers.c.delivery)
