"""Nodes are tested on a real PostgreSQL: the server of the ledger's contract, in a database of their own."""

import asyncio

import psycopg
import pytest
from tests.contract.conftest import _make_ledger, on_postgresql, postgresql

__all__ = ["on_postgresql", "postgresql"]


@pytest.fixture(scope="session")
def database(postgresql: str, worker_id: str) -> str:
    name = f"nodes_{worker_id}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgresql.replace("/postgres?", f"/{name}?")
    asyncio.run(_make_ledger(url))
    return url
