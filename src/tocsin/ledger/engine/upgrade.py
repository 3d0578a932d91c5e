"""The schema is brought up to date when a ledger is opened, after a copy of what was there."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tocsin.core.errors import LedgerNewerError
from tocsin.core.private_file import PRIVATE

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic's context is one for the whole process, whatever ledgers are in it


def upgrade(connection: Connection, path: Path | None) -> str | None:
    """Bring the schema to this program's version in one transaction; None where it already was.

    Returns what it was before ("" for an empty database). A SQLite file that holds something is copied first, to
    `<file>.before-<revision>`. Raises LedgerNewerError.
    """
    scripts = ScriptDirectory(str(_MIGRATIONS))
    head = scripts.get_current_head()
    with connection.begin():
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return None
    if current is not None:
        _refuse_newer(scripts, current)
        if path is not None:
            copy(path, Path(f"{path}.before-{current}"))
    _run(connection)
    return current or ""


def copy(path: Path, to: Path) -> None:
    """Copy a SQLite file consistently, whoever writes to it meanwhile; the copy appears whole or not at all."""
    unfinished = Path(f"{to}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(PRIVATE, exist_ok=False)
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(unfinished)) as made,
    ):
        source.backup(made)
    unfinished.replace(to)


def _refuse_newer(scripts: ScriptDirectory, current: str) -> None:
    if current not in {script.revision for script in scripts.walk_revisions()}:
        raise LedgerNewerError(
            f"this ledger was written by a newer Tocsin (schema {current}): run that version, or put back a backup"
        )


def _run(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
