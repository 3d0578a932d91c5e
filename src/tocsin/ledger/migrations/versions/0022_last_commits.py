"""Each writer on PostgreSQL keeps the number of its last commit, to be asked after where the answer was lost."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_commits",
        sa.Column("writer", sa.String(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number <> refused OR number = 0", name="last_commits_not_refused"),
    )
