"""The names of alerts as a search reads them, and deliveries that went wrong as they are looked for."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from tocsin.core.search import folded

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MANY = 5000
_IN_VAIN = ("refused", "expired", "possibly_sent")
_KEPT = sa.text(
    "SELECT key, product_name, sku, retailer, variant, seller FROM alerts WHERE key > :last ORDER BY key LIMIT :many"
)


def upgrade() -> None:
    texts = op.create_table(
        "texts",
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert"),
    )
    for state in _IN_VAIN:
        where = sa.text(f"state = '{state}'")
        op.create_index(f"deliveries_{state}", "deliveries", ["alert"], sqlite_where=where, postgresql_where=where)
    last = 0
    while rows := op.get_bind().execute(_KEPT, {"last": last, "many": _MANY}).all():
        last = rows[-1].key
        op.bulk_insert(texts, [{"alert": key, "text": _text(names)} for key, *names in rows])


def _text(names: Iterable[str | None]) -> str:
    return "\n".join(folded(name) for name in names if name)
