"""Clicks say whether a person, a suspect or a robot followed the link, and what told so."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clicks", sa.Column("kind", sa.String(), nullable=False, server_default="person"))
    op.add_column("clicks", sa.Column("why", sa.String(), nullable=False, server_default=""))
    op.execute(sa.text("UPDATE clicks SET kind = 'robot', why = 'crawler' WHERE robot"))
    op.drop_column("clicks", "robot")
