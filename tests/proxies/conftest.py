"""Two nodes and three proxies before them are started once for all tests of a worker."""

import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import trustme
from tests.contract.conftest import postgresql
from tests.proxies.doorkeeper import ALL, Doorkeeper
from tests.proxies.pair import Pair

__all__ = ["postgresql"]  # the same server that the ledger's contract is held on

INSTALLER = Path(__file__).parents[2] / "scripts/proxies"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """How a visitor who trusts the certificate of the proxies connects."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def doorkeepers(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Mapping[str, Doorkeeper]:
    found = subprocess.run([INSTALLER], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr)
    folder = tmp_path_factory.mktemp("proxies")
    certificate = folder / "localhost.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    return {name: kind(folder / name, certificate) for name, kind in ALL.items()}


@pytest.fixture(scope="session")
def shared_ledger(postgresql: str, worker_id: str) -> str:
    """The url of an empty database."""
    name = f"proxies_{worker_id}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgresql.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def pair(
    shared_ledger: str, doorkeepers: Mapping[str, Doorkeeper], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two nodes that run, and all proxies before them."""
    origins = [doorkeeper.url for doorkeeper in doorkeepers.values()]
    nodes = Pair(tmp_path_factory.mktemp("nodes"), shared_ledger, origins)
    with ExitStack() as undo:
        undo.callback(nodes.close)
        for number in range(len(nodes.ports)):
            nodes.start(number)
        for doorkeeper in doorkeepers.values():
            undo.callback(doorkeeper.close)
            doorkeeper.open(nodes.ports)
        yield nodes


@pytest.fixture(params=list(ALL))
def door(request: pytest.FixtureRequest, pair: Pair, doorkeepers: Mapping[str, Doorkeeper]) -> str:
    """Where the world finds the two nodes."""
    return doorkeepers[request.param].url
