"""What providers say of persons, or of nothing that is known, is found by its age."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index reads every signal once."""
    where = sa.text("matched_at IS NULL OR delivery IS NULL")
    op.create_index("signals_stray", "signals", ["at"], sqlite_where=where, postgresql_where=where)
    op.drop_index("answers_at", "answers")
