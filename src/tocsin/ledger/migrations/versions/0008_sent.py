"""What a provider took is `sent` in attempts as it is in deliveries; `delivered` is what it reports later."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One attempt may have several words, one for each outcome of its members."""
    op.execute("UPDATE attempts SET outcome = replace(outcome, 'delivered', 'sent') WHERE outcome LIKE '%delivered%'")
