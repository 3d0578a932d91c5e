"""The ledger as it began. Frozen: what the code means now is in `schema.py`, and a later step leads there."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("key", _KEY, autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("retailer", sa.String(), nullable=False),
        sa.Column("variant", sa.String()),
        sa.Column("seller", sa.String()),
        sa.Column("product_name", sa.String()),
        sa.Column("price", sa.BigInteger()),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("url", sa.String()),
        sa.Column("detected_at", sa.BigInteger(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("episode", sa.BigInteger()),
        sa.Column("position", sa.BigInteger()),
        sa.Column("closed_position", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "alerts_alone",
        "alerts",
        ["sku"],
        sqlite_where=sa.text("episode IS NULL"),
        postgresql_where=sa.text("episode IS NULL"),
    )
    op.create_index("alerts_episode", "alerts", ["episode", "closed_at"])
    op.create_table(
        "attempt_members",
        sa.Column("delivery", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("delivery", "attempt"),
        sqlite_with_rowid=False,
    )
    op.create_index("attempt_members_attempt", "attempt_members", ["attempt"])
    op.create_table(
        "attempts",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("outcome", sa.String()),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("mentioned", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("attempts_started", "attempts", ["started_at"])
    op.create_table(
        "clicks",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("robot", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("clicks_delivery", "clicks", ["delivery"])
    op.create_table(
        "deliveries",
        sa.Column("key", _KEY, autoincrement=False, nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.Column("possibly_repeated", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("episode", sa.BigInteger()),
        sa.Column("attempt", sa.BigInteger()),
        sa.Column("fallback", sa.Text()),
        sa.Column("fail_over_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "deliveries_claim",
        "deliveries",
        ["lane", sa.literal_column("priority DESC"), "key"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["lane", "due"],
        sqlite_where=sa.text("state = 'pending' AND due != planned_at"),
        postgresql_where=sa.text("state = 'pending' AND due != planned_at"),
    )
    op.create_index(
        "deliveries_fail_over",
        "deliveries",
        ["fail_over_at"],
        sqlite_where=sa.text("state = 'pending' AND fail_over_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'pending' AND fail_over_at IS NOT NULL"),
    )
    op.create_index(
        "deliveries_life",
        "deliveries",
        ["expires_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("deliveries_once", "deliveries", ["alert", "target"], unique=True)
    op.create_index(
        "deliveries_sending",
        "deliveries",
        ["episode", "target"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "deliveries_unknown",
        "deliveries",
        ["episode", "target"],
        sqlite_where=sa.text("state = 'unknown'"),
        postgresql_where=sa.text("state = 'unknown'"),
    )
    op.create_index(
        "deliveries_waiting",
        "deliveries",
        ["episode"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "episodes",
        sa.Column("key", _KEY, autoincrement=False, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("retailer", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("seller", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("episodes_product", "episodes", ["sku", "retailer", "variant", "seller"], unique=True)
    op.create_index("episodes_seen", "episodes", ["last_seen_at"])
    op.create_table(
        "events",
        sa.Column("position", _KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("alert", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("covers", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "owner", "covers"),
        sqlite_with_rowid=False,
    )
    op.create_index("idempotency_at", "idempotency", ["at"])
    op.create_table(
        "messages",
        sa.Column("delivery", _KEY, autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("delivery"),
    )
    op.create_index("messages_reference", "messages", ["reference"])
    op.create_index(
        "messages_edit",
        "messages",
        ["reference"],
        sqlite_where=sa.text("shown != wanted"),
        postgresql_where=sa.text("shown != wanted"),
    )
    op.create_table(
        "stream",
        sa.Column("key", _KEY, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("link_secret", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("alert_key", sa.BigInteger(), nullable=False),
        sa.Column("delivery_key", sa.BigInteger(), nullable=False),
        sa.Column("episode_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "targets",
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
