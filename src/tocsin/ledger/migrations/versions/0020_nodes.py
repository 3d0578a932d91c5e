"""Nodes that share a ledger: who is alive, who owns which lane, and whose an attempt is."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("config_digest", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("leaving", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "lane_owners",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("node", sa.String()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("wanted_by", sa.String()),
        sa.PrimaryKeyConstraint("lane"),
    )
    op.add_column("attempts", sa.Column("node", sa.String()))
