"""What is known of uvicorn's inside, held to the version that is locked."""

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from tocsin.gateway.websocket import WebSocket

ROOT = Path(__file__).parents[2]


def test_the_adapter_was_written_for_the_locked_uvicorn():
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    (locked,) = (package["version"] for package in lock["package"] if package["name"] == "uvicorn")
    assert locked == version("uvicorn")
    assert locked.startswith("0.54."), "read the handover in uvicorn's HTTP protocols again, then raise this"


def test_uvicorn_makes_its_own_protocol_as_it_makes_ours():
    theirs = inspect.signature(WebSocketsSansIOProtocol.__init__).parameters
    ours = inspect.signature(WebSocket.__init__).parameters
    assert list(ours) == ["self", "config", "server_state", "app_state"]
    assert set(ours) <= set(theirs)
    handover = inspect.getsource(HttpToolsProtocol.handle_websocket_upgrade)
    assert all(f"{name}=self.{name}" in handover for name in ("config", "server_state", "app_state"))
    assert handover.index("connection_made") < handover.index("data_received") < handover.index("set_protocol")


def test_uvicorn_counts_its_connections_where_ours_are_put():
    assert ServerState().connections == set()
    assert callable(WebSocketsSansIOProtocol.shutdown)
    assert callable(WebSocket.shutdown)


def test_only_the_adapter_knows_uvicorn():
    sources = (ROOT / "src/tocsin/gateway").glob("*.py")
    knowing = {source.name for source in sources if "server_state" in source.read_text()}
    assert knowing == {"websocket.py"}
