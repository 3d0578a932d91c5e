"""A SQLite ledger as migrations make it, with nothing in it, not even a name: a copy costs a test less than to make its
own.
"""

import tempfile
from functools import cache
from pathlib import Path

from tocsin.core.private_file import PRIVATE
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.upgrade import upgrade


def blank(file: Path) -> Path:
    """Put one there, unless a ledger is there already."""
    if not file.exists():
        file.touch(PRIVATE)
        file.write_bytes(_made())
    return file


@cache
def _made() -> bytes:
    """Once a process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ledger.db")
        engine = writing_engine(parse_url(f"sqlite:///{file}"))
        with engine.connect() as connection:
            upgrade(connection, file)
        engine.dispose()
        return file.read_bytes()
