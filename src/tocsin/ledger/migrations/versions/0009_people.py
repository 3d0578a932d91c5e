"""People: contacts, their addresses, consents and preferences, and the version of who may be told what."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IN_FORCE = sa.text("lifted_at IS NULL")


def upgrade() -> None:
    op.add_column("stream", sa.Column("directory_version", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("people_mark", sa.LargeBinary()))
    op.create_table(
        "contacts",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("zone", sa.String()),
        sa.Column("locale", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused_until", sa.BigInteger()),
        sa.Column("token", sa.String()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("consent_head", sa.String()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("external_id"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("token"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contact_tags",
        sa.Column("contact", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("contact", "tag"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "addresses",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("zone", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("device", sa.String()),
        sa.Column("platform", sa.String()),
        sa.Column("app_version", sa.String()),
        sa.Column("sounds", sa.Text()),
        sa.Column("last_seen_at", sa.BigInteger()),
        sa.Column("verified_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "consents",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Uuid(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("wording", sa.String()),
        sa.Column("ip", sa.String()),
        sa.Column("user_agent", sa.String()),
        sa.Column("evidence", sa.Text()),
        sa.Column("private", sa.String(), nullable=False),
        sa.Column("provider", sa.Text()),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("previous", sa.String()),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "wordings",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "preferences",
        sa.Column("contact", _KEY, nullable=False, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact"),
    )
    op.create_table(
        "verifications",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("reference", sa.String()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("result", sa.String()),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "suppressions",
        sa.Column("key", _KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger()),
        sa.Column("lifted_by", sa.String()),
        sa.Column("lifted_reason", sa.Text()),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "lists",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "name"),
    )
    op.create_table(
        "imports",
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", "row"),
        sqlite_with_rowid=False,
    )
    op.create_index("contact_tags_tag", "contact_tags", ["tag", "contact"])
    op.create_index("addresses_contact", "addresses", ["contact", "device"], unique=True)
    op.create_index("addresses_lookup", "addresses", ["lookup", "kind"], unique=True)
    op.create_index("consents_contact", "consents", ["contact"])
    op.create_index("consents_entered", "consents", ["entered_at"])
    op.create_index("wordings_version", "wordings", ["version"])
    op.create_index("verifications_address", "verifications", ["address", "started_at"])
    op.create_index(
        "suppressions_lookup",
        "suppressions",
        ["lookup", "kind"],
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    )
