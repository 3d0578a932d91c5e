"""Run by Alembic: all steps in one transaction of the connection that the ledger writes with."""

from typing import Any

from alembic import context

from tocsin.core.killpoint import Point, kill_point


def _stepped(*_: Any, **__: Any) -> None:
    kill_point(Point.MIGRATION_STEP)


connection = context.config.attributes["connection"]
with connection.begin():
    context.configure(connection=connection, transactional_ddl=True, on_version_apply=_stepped)
    context.run_migrations()
