"""The tables of what is counted: for each hour, and each value of each dimension in it, one row.

Retention passes them by: the figures outlive the rows that they were counted from.
"""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, text

from tocsin.core.analytics import MEASURES
from tocsin.ledger.engine.schema import Key, Moment, Money, metadata


def _cell() -> tuple[Column[int], Column[str], Column[int], Column[str]]:
    return (
        Column("span", Integer, primary_key=True, autoincrement=False, comment="hours: 1, a day or a week of them"),
        Column("by", String, primary_key=True, comment="a dimension: channel, retailer, …; all: none"),
        Column("at", BigInteger, primary_key=True, autoincrement=False, comment="the hour since 1970 that it begins"),
        Column("value", String, primary_key=True, comment="of that dimension"),
    )


rollups = Table(
    "rollups",
    metadata,
    *_cell(),
    *(Column(name, BigInteger, nullable=False, server_default=text("0")) for name in MEASURES),
    sqlite_with_rowid=False,
)

rollup_reasons = Table(
    "rollup_reasons",
    metadata,
    *_cell(),
    Column("what", String, primary_key=True, comment="core.analytics.Told"),
    Column("reason", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

rollup_costs = Table(
    "rollup_costs",
    metadata,
    *_cell(),
    Column("currency", String, primary_key=True),
    Column("cost", Money, nullable=False, comment="as the provider said it"),
    sqlite_with_rowid=False,
)

# How far the ledger has been followed: by the newest key of each table that tells of changes.
rollup_state = Table(
    "rollup_state",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False, comment="always 1"),
    Column("alert", BigInteger, nullable=False),
    Column("move", BigInteger, nullable=False),
    Column("signal", BigInteger, nullable=False),
    Column("click", BigInteger, nullable=False),
    Column("answer", BigInteger, nullable=False),
    Column("open", Text, nullable=False, comment="JSON: the hours of what was under way"),
    Column("as_of", Moment, nullable=False),
    Column("frozen", BigInteger, nullable=False, comment="hours before this one are not counted again: rows are gone"),
)

# Bit by bit the minutes of an hour in which a channel was seen to work, or not to.
uptime = Table(
    "uptime",
    metadata,
    Column("channel", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False, comment="the hour since 1970"),
    Column("up", BigInteger, nullable=False),
    Column("down", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
