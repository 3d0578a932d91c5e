"""Addresses of one app on one device know each other: a token and the FID that it begins with."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there already learns it when its app starts the next time."""
    op.add_column("addresses", sa.Column("app", sa.LargeBinary()))
    op.create_index("addresses_app", "addresses", ["app"])
