"""The names of alerts are written once, however many alerts bear them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Alerts are named by the service, little by little: nobody waits for it."""
    op.create_table(
        "names",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.add_column("texts", sa.Column("name", sa.BigInteger()))
    op.create_index("texts_name", "texts", ["name", "alert"])
    unnamed = sa.text("name IS NULL")
    op.create_index("texts_unnamed", "texts", ["alert"], sqlite_where=unnamed, postgresql_where=unnamed)
