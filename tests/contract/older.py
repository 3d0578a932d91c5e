"""A ledger as an older program has left it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.upgrade import _MIGRATIONS


@contextmanager
def older(place: str, folder: Path, revision: str) -> Iterator[tuple[str, Connection]]:
    """Make one with the schema of that revision: where it is, and a transaction to write what was kept then. On SQLite
    it is a file in the folder, on PostgreSQL in place of the ledger that is there.
    """
    if place.startswith("sqlite"):
        place = f"sqlite:///{folder / 'older.db'}"
    engine = writing_engine(parse_url(place))
    with engine.connect() as connection:
        if place.startswith("postgresql"):
            with connection.begin():
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_MIGRATIONS))
        command.upgrade(config, revision)
        with connection.begin():
            yield place, connection
    engine.dispose()
