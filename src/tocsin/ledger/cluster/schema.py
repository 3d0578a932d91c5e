"""The tables of nodes. Their times are the database's own: the clocks of machines differ."""

from sqlalchemy import BigInteger, Boolean, Column, String, Table, false

from tocsin.ledger.engine.schema import Moment, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("id", String, primary_key=True, comment="drawn at each start"),
    Column("name", String, nullable=False, comment="the same after a restart"),
    Column("version", String, nullable=False),
    Column("config_digest", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False, comment="until when it counts as alive"),
    Column("leaving", Boolean, nullable=False, server_default=false()),
)

# The fence grows with every change of the owner: who claims under an older one gets nothing.
lane_owners = Table(
    "lane_owners",
    metadata,
    Column("lane", String, primary_key=True),
    Column("node", String, comment="none: nobody owns it now"),
    Column("fence", BigInteger, nullable=False),
    Column("wanted_by", String, comment="the node that should own it, and waits for it"),
)
