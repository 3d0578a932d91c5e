"""The key that browsers subscribe with, the same at every node."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stream", sa.Column("browser_key", sa.String()))
