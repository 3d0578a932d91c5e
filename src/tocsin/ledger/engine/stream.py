"""The stream is one row, whose lock orders all events: positions follow commits and have no gaps.

Who holds it never waits for a delivery's lock, and whoever else needs both takes deliveries first: no writer deadlocks.
Keys of alerts, deliveries and episodes are drawn here too, so that rows can be written in bulk without asking back.
"""

from sqlalchemy import bindparam, select, update

from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import Transaction

_KEYS = (stream.c.position, stream.c.alert_key, stream.c.delivery_key, stream.c.episode_key)
_LOCK = select(*_KEYS, stream.c.directory_version, stream.c.targets_version).with_for_update()
_SAVE = update(stream)
_BROWSER_KEY = (
    update(stream)
    .where(stream.c.browser_key.is_(None) | (stream.c.browser_key == bindparam("public")))
    .values(browser_key=bindparam("public"))
)
_TOUCH = update(stream).values(position=stream.c.position)


class Stream:
    def __init__(self, transaction: Transaction) -> None:
        row = transaction.row(_LOCK)
        assert row is not None, "a ledger is made with its stream"
        self._transaction = transaction
        self._before = tuple(row[: len(_KEYS)])
        self.directory: int = row.directory_version
        self.targets: int = row.targets_version
        self.position: int = row.position
        self.alert: int = row.alert_key
        self.delivery: int = row.delivery_key
        self.episode: int = row.episode_key

    def next_position(self) -> int:
        self.position += 1
        return self.position

    def next_alert(self) -> int:
        self.alert += 1
        return self.alert

    def next_delivery(self, room: int = 0) -> int:
        """With so many keys below it that are given to nobody else."""
        self.delivery += room + 1
        return self.delivery

    def next_episode(self) -> int:
        self.episode += 1
        return self.episode

    def save(self) -> None:
        now = (self.position, self.alert, self.delivery, self.episode)
        if now != self._before:
            self._transaction.write(
                _SAVE,
                position=self.position,
                alert_key=self.alert,
                delivery_key=self.delivery,
                episode_key=self.episode,
            )


def keep_browser_key(transaction: Transaction, public: str) -> bool:
    """False where nodes keep another one already."""
    return transaction.write(_BROWSER_KEY, public=public) > 0


def touch(transaction: Transaction) -> None:
    """Write without changing anything: it commits, or says why nothing can be committed now."""
    transaction.write(_TOUCH)
