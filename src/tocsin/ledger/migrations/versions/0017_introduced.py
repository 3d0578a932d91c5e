"""Which delivery tells somebody who was imported who writes, and how to stop."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("addresses", sa.Column("introduced_by", sa.BigInteger()))
