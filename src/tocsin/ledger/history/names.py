"""A name is written once, however many alerts bear it: whoever searches reads names, which are few, and the alerts that
have none yet.

Alerts are named soon after they were accepted: to name them at once would cost each of them a tenth more.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, delete, exists, select, update

from tocsin.core.search import name_key
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import UNNAMED, names, texts
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction

MANY = 10_000

_MOST: BindParameter[int] = bindparam("most")
_UNNAMED = select(texts.c.alert, texts.c.text).where(UNNAMED).order_by(texts.c.alert.desc()).limit(_MOST)
_NAME = update(texts).where(texts.c.alert == bindparam("of")).values(name=bindparam("is"))
_BEARING = select(texts.c.alert).where(among(texts.c.name, "names")).limit(MANY + 1)
_OF = select(texts.c.name).distinct().where(among(texts.c.alert, "alerts"), texts.c.name.is_not(None))
_FORGET = delete(names).where(among(names.c.key, "names"), ~exists().where(texts.c.name == names.c.key))


def has(text: ColumnElement[str], words: Iterable[str]) -> list[ColumnElement[bool]]:
    """Say that each of these words stands somewhere in a text."""
    return [text.like(f"%{escaped(word)}%", escape="\\") for word in words]


def bearing(connection: Connection, words: Sequence[str]) -> Sequence[int] | None:
    """Find the alerts whose names have all of these words; None where they are so many that whoever looks at alerts one
    by one soon meets one.
    """
    found = connection.scalars(select(names.c.key).where(*has(names.c.text, words)).limit(MANY + 1)).all()
    if len(found) > MANY:
        return None
    new = select(texts.c.alert).where(UNNAMED, *has(texts.c.text, words)).limit(MANY + 1)
    alerts = [*connection.scalars(new), *connection.scalars(_BEARING, {"names": list(found)})]
    return alerts if len(alerts) <= MANY else None


def some_have_none(connection: Connection) -> bool:
    return connection.execute(_UNNAMED, {"most": 1}).first() is not None


def name(transaction: Transaction, limit: int) -> None:
    """Name alerts that have none yet, the newest first."""
    Stream(transaction)  # nobody forgets a name meanwhile
    rows = [(row.alert, name_key(row.text), row.text) for row in transaction.rows(_UNNAMED, most=limit)]
    transaction.insert_new(names, sorted({(key, text) for _, key, text in rows}))
    transaction.write_each(_NAME, [{"of": alert, "is": key} for alert, key, _ in rows])


def names_of(transaction: Transaction, alerts: Sequence[int]) -> list[int]:
    return [row.name for row in transaction.rows(_OF, alerts=list(alerts))]


def forget(transaction: Transaction, keys: Sequence[int]) -> None:
    """Forget those of these names that no alert bears any more."""
    transaction.write(_FORGET, names=list(keys))


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
