"""Versions of what every node keeps in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for part in ("lanes", "targets", "tokens", "conditions", "monitors"):
        op.add_column("stream", sa.Column(f"{part}_version", sa.BigInteger(), nullable=False, server_default="0"))
