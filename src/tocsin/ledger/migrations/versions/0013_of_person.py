"""What waits for a person, and what a person was told, is found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each index reads every delivery once."""
    for name, columns, where in (
        ("deliveries_sets", ["target"], sa.text("state = 'pending' AND slot IS NULL")),
        ("deliveries_person", ["slot", "attempt"], sa.text("slot > 0")),
    ):
        op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)
