"""What is gathered for a digest says for which, so that it leaves together."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column costs nothing, however many deliveries there are; the index has what waits alone."""
    op.add_column("deliveries", sa.Column("digest", sa.BigInteger()))
    where = sa.text("state = 'pending' AND digest IS NOT NULL")
    op.create_index("deliveries_digest", "deliveries", ["target", "slot"], sqlite_where=where, postgresql_where=where)
