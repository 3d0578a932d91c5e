"""The official JavaScript client, over each transport."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from tests.deadline import DEADLINE_S
from tests.gateway.station import Log, Station, running

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("javascript.mjs")


def client_modules() -> Path:
    """The official client is the one that the dashboard uses."""
    home = ROOT / "dashboard"
    assert (home / "node_modules/socket.io-client").is_dir(), "run `make setup`: it installs what the dashboard uses"
    return home / "package.json"


@pytest.mark.parametrize("transports", ["", "websocket", "polling"])
async def test_the_official_client_hears_sends_and_resumes(transports: str):
    node = shutil.which("node")
    assert node, "run `make setup`: it finds or installs Node"
    async with running(Publishing(Log())) as station:
        process = await asyncio.create_subprocess_exec(
            node,
            SCRIPT,
            station.url,
            client_modules(),
            transports,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(DEADLINE_S):
            out, err = await process.communicate()
    assert err == b""
    assert json.loads(out) == {
        "heard": ["first", "missed", "live"],
        "resumed": {"after": "e1.2", "count": 1, "complete": True},
        "answer": "accepted",
        "refused": "unauthorized",
    }


class Publishing(Station):
    """POST /publish/SKU puts an alert into the stream."""

    async def elsewhere(self, scope, receive, send):
        self.publish(sku=scope["path"].rpartition("/")[2])
        await super().elsewhere(scope, receive, send)
