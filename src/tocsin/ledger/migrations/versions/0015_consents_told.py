"""How far a provider was told of consent."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents_told",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("again", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )
