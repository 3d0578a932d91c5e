"""Deliveries may be a person's, or wait as a set of people."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The columns cost nothing, however many deliveries there are: both databases read the default where a row was
    written before. The index is made anew, which reads each row once.
    """
    op.add_column("deliveries", sa.Column("slot", sa.BigInteger(), server_default=sa.text("0")))
    op.add_column("deliveries", sa.Column("recipients", sa.LargeBinary()))
    op.add_column("deliveries", sa.Column("people", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.drop_index("deliveries_once", "deliveries")
    op.create_index("deliveries_once", "deliveries", ["alert", "target", "slot"], unique=True)
    op.create_table(
        "audiences",
        sa.Column("alert", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("reserve", sa.LargeBinary()),
        sa.Column("most", sa.Integer()),
        sa.PrimaryKeyConstraint("alert", "target"),
    )
