"""Purchases, what people answered, and what channels cost a month."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "purchases",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("entry", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("commission", sa.BigInteger()),
        sa.Column("currency", sa.String()),
        sa.Column("sku", sa.String()),
        sa.Column("retailer", sa.String()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("target", sa.String()),
        sa.Column("alert", sa.BigInteger()),
        sa.Column("delivery", sa.BigInteger()),
        sa.Column("contact", sa.BigInteger()),
        sa.Column("clicked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("purchases_once", "purchases", ["source", "external_id", "revision"], unique=True)
    op.create_index("purchases_entry", "purchases", ["source", "entry"], unique=True)
    op.create_index("purchases_at", "purchases", ["at"])
    op.create_index("purchases_alert", "purchases", ["alert"])
    op.create_index("purchases_contact", "purchases", ["contact"])
    op.create_table(
        "answers",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("age", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("answers_delivery", "answers", ["delivery"])
    op.create_index("answers_at", "answers", ["at"])
    op.create_table(
        "monthly_costs",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("month", "channel"),
    )
