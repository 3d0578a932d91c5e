"""The last commit of each writer on PostgreSQL has its number in a row that is written with it: one whose answer was
lost with the connection is asked after there.

`pg_xact_status` would not do: a crash forgets numbers of transactions that never came to the disk, and gives them out
again.
"""

import secrets

from sqlalchemy import Connection, RootTransaction, text

from tocsin.ledger.engine.connections import DATABASE_NOW, IDLE_S

# A session that was lost may still be committing; where it comes to nothing, the server ends it.
_UNDER_WAY_MS = 2 * IDLE_S * 1000

# By the database's clock: a writer whose machine has a wrong one keeps its row.
_DAYS_7 = 7 * 24 * 3600 * 1_000_000

_CLEAR = text(f"DELETE FROM last_commits WHERE at < {DATABASE_NOW} - {_DAYS_7}")  # noqa: S608 - words of our own, as below
_ENTER = text(f"INSERT INTO last_commits (writer, number, at) VALUES (:writer, 0, {DATABASE_NOW})")  # noqa: S608
_READ = text("SELECT number FROM last_commits WHERE writer = :writer FOR UPDATE")
_REFUSE = text("UPDATE last_commits SET refused = :number WHERE writer = :writer")
_LEAVE = text("DELETE FROM last_commits WHERE writer = :writer")


class LastCommit:
    """The last commit of one writer, whatever connections it has in its life."""

    def __init__(self) -> None:
        self._writer = secrets.token_hex(8)
        self._number = 0

    def enter(self, connection: Connection) -> None:
        """Make the row of this writer in a transaction of its own, so that whoever asks can wait for it. Rows of those
        that died a week ago are taken away.
        """
        with connection.begin():
            connection.execute(_CLEAR)
            connection.execute(_ENTER, {"writer": self._writer})

    def next(self) -> int:
        """Number the transaction that is to be committed."""
        self._number += 1
        return self._number

    def commit(self, begun: RootTransaction) -> None:
        """Commit the transaction with its number, in one message: another one to and fro would cost each commit as much
        as a statement. Raises DBAPIError.
        """
        begun.connection.exec_driver_sql(
            f"UPDATE last_commits SET number = {self._number}, at = {DATABASE_NOW}"  # noqa: S608 - numbers and words of our own
            f" WHERE writer = '{self._writer}'; COMMIT"
        )
        begun.commit()  # the driver sees that it is done

    def is_kept(self, connection: Connection, number: int) -> bool:
        """Whether the last transaction, which has this number, was committed. One that is being committed is waited
        for; where the message that commits it has not come yet, and may still come, it is refused from now on. Raises
        DBAPIError while nobody knows.
        """
        with connection.begin():
            connection.execute(text(f"SET LOCAL lock_timeout = {_UNDER_WAY_MS}"))
            kept = bool(connection.scalar(_READ, {"writer": self._writer}) == number)
            if not kept:
                connection.execute(_REFUSE, {"writer": self._writer, "number": number})
        return kept

    def leave(self, connection: Connection) -> None:
        """Take the row away: nobody will ask any more."""
        with connection.begin():
            connection.execute(_LEAVE, {"writer": self._writer})
