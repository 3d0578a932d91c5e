"""The tables of what mirrors follow: how far each is, what waits for it, and which alerts it waits for."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, text

from tocsin.ledger.engine.schema import Moment, metadata

_NOTHING = text("0")

mirrors = Table(
    "mirrors",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False, comment="of the last event that was written down for it"),
    Column("number", Integer, nullable=False, comment="of the last entry after that event"),
    Column("move_key", BigInteger, nullable=False, comment="the last that was looked at, as the next two"),
    Column("click_key", BigInteger, nullable=False),
    Column("purchase_key", BigInteger, nullable=False),
    Column("calls", Integer, nullable=False, server_default=_NOTHING, comment="in the month of counted_at"),
    Column("counted_at", Moment),
    Column("written_at", Moment, comment="when it last took something"),
)

mirror_entries = Table(
    "mirror_entries",
    metadata,
    Column("mirror", String, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("alert", BigInteger, nullable=False),
    Column("news", String, nullable=False),
)

# Alerts of which a mirror has heard, and whose deliveries had not all ended when it was looked last.
mirror_open = Table(
    "mirror_open",
    metadata,
    Column("alert", BigInteger, primary_key=True, autoincrement=False),
    Column("mirror", String, primary_key=True),
)

Index("mirror_entries_alert", mirror_entries.c.alert)
