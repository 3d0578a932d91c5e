"""Run by Alembic: all steps in one transaction of the connection that the ledger writes with."""

from alembic import context

connection = context.config.attributes["connection"]
with connection.begin():
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()
