"""Mirrors of the history: how far each is, what waits for it, and of which alerts it awaits the end."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mirrors",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("move_key", sa.BigInteger(), nullable=False),
        sa.Column("click_key", sa.BigInteger(), nullable=False),
        sa.Column("purchase_key", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("counted_at", sa.BigInteger()),
        sa.Column("written_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "mirror_entries",
        sa.Column("mirror", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("news", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("mirror", "position", "number"),
    )
    op.create_table(
        "mirror_open",
        sa.Column("alert", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("mirror", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("alert", "mirror"),
    )
    op.create_index("mirror_entries_alert", "mirror_entries", ["alert"])
