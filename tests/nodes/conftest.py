"""Nodes are tested on a real PostgreSQL, the one of the ledger's contract."""

from tests.contract.conftest import database, on_postgresql, postgresql

__all__ = ["database", "on_postgresql", "postgresql"]
