"""What operators are told, what is known of lanes across a restart, and what may join a message that stands."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JOINING = sa.text("product IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "conditions",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("over_at", sa.BigInteger()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("what", "about"),
    )
    op.create_table(
        "lanes",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", sa.BigInteger()),
        sa.Column("shut_until", sa.BigInteger()),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lane"),
    )
    op.add_column("deliveries", sa.Column("product", sa.String()))
    op.create_index(
        "deliveries_product",
        "deliveries",
        ["product", "target"],
        sqlite_where=_JOINING,
        postgresql_where=_JOINING,
    )
