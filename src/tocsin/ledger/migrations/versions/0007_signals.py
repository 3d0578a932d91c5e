"""What providers say later of a message, and what requests and messages count for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PARKED = sa.text("matched_at IS NULL")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("units", sa.Integer()))
    op.create_table(
        "signals",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("delivery", sa.BigInteger()),
        sa.Column("reference", sa.String()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer()),
        sa.Column("cost", sa.BigInteger()),
        sa.Column("currency", sa.String()),
        sa.Column("matched_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "receipts",
        sa.Column("delivery", _KEY, nullable=False, autoincrement=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reference", sa.String()),
        sa.Column("units", sa.Integer()),
        sa.Column("cost", sa.BigInteger()),
        sa.Column("currency", sa.String()),
        sa.PrimaryKeyConstraint("delivery"),
    )
    op.create_index("signals_event", "signals", ["event_id", "channel"], unique=True)
    op.create_index("receipts_reference", "receipts", ["reference", "channel"])
    for name, column in (("signals_parked", "delivery"), ("signals_parked_name", "reference")):
        op.create_index(name, "signals", [column], sqlite_where=_PARKED, postgresql_where=_PARKED)
