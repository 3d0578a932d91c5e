"""Two nodes of the real program on one PostgreSQL, each in a process and a folder of its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from benchmarks.program import free_port
from tests.cli.program import Process
from tests.story.service_rig import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
METRICS_FROM = "127.0.0.99"  # who reads figures without a token


class Pair:
    """Both have the same settings but for their ports. `start` and `stop` take the number of a node."""

    def __init__(self, folder: Path, storage: str, origins: Sequence[str]) -> None:
        self._folder = folder
        self._storage = storage
        self._origins = origins
        self.ports = (free_port(), free_port())
        self._running: dict[int, Process] = {}

    def start(self, number: int, **settings: Any) -> None:
        folder = self._folder / f"node-{number}"
        folder.mkdir(exist_ok=True)
        server = {
            "port": self.ports[number],
            "public_url": self._origins[0],
            "allowed_origins": self._origins[1:],
            "trusted_proxies": ["127.0.0.1"],
            "metrics_from": [METRICS_FROM],
        }
        tokens = {"story": {"secret": TOKEN, "scopes": ["admin"]}}
        config = {"server": server, "storage": {"url": self._storage}, "tokens": tokens, **settings}
        (folder / "tocsin.json").write_text(json.dumps(config))
        node = self._running[number] = Process(folder, "serve", "--config", "tocsin.json")
        node.says("Dashboard .*")

    def stop(self, number: int) -> int:
        """In good order; the exit code."""
        node = self._running.pop(number)
        try:
            return node.stop()
        finally:
            node.kill()

    def close(self) -> None:
        for node in self._running.values():
            node.kill()

    def sockets(self, number: int) -> int:
        """How many live sockets that node has."""
        figures = requests.get(f"{self.urls[number]}/metrics", headers=HEADERS, timeout=60).text
        told = [line for line in figures.splitlines() if line.startswith("tocsin_sockets{")]
        return sum(int(float(line.split()[1])) for line in told)

    @property
    def urls(self) -> Sequence[str]:
        """Where the nodes are themselves, without a proxy."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]
