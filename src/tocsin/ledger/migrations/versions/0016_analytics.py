"""What happened is counted by the hour, and when channels worked is kept by the minute."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_STEPS = 42
_MEASURES = (
    *("alerts", "filtered", "accepted", "late", "confirmed", "receiptable", "failed", "expired", "failed_over"),
    *("possibly_sent", "doubtful", "waiting", "repeated", "timed", "told", "arrived_us", "queued_us", "answered_us"),
    *("received", "received_us", *(f"step_{number}" for number in range(_STEPS))),
    *("people", "suspect", "robots", "unique", "useful", "too_late", "sold_out", "not_for_me", "bought"),
)


def _cells(name: str, *columns: sa.Column[int] | sa.Column[str], apart: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("span", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("value", sa.String(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("span", "by", "at", "value", *apart),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    numbers = (sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")) for name in _MEASURES)
    _cells("rollups", *numbers)
    _cells(
        "rollup_reasons",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        apart=("what", "reason"),
    )
    _cells(
        "rollup_costs",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        apart=("currency",),
    )
    op.create_table(
        "rollup_state",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("alert", "move", "signal", "click", "answer")),
        sa.Column("open", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("frozen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "uptime",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("up", sa.BigInteger(), nullable=False),
        sa.Column("down", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "at"),
        sqlite_with_rowid=False,
    )
