"""Real proxies, with the very files that the guide shows: only addresses, names and certificates are ours."""

import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.program import free_port
from tests.deadline import DEADLINE_S

SNIPPETS = Path(__file__).parents[2] / "docs/how-to/proxies"
SBIN = "/usr/sbin:/usr/bin:/usr/local/bin"


class Doorkeeper(ABC):
    """A proxy at `url`. `certificate` is a file with the key and the certificate for localhost."""

    program: ClassVar[str]
    snippet: ClassVar[str]

    def __init__(self, folder: Path, certificate: Path) -> None:
        self.folder = folder
        self.certificate = certificate
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    def open(self, nodes: Sequence[int]) -> None:
        """Start it before nodes at these ports."""
        found = shutil.which(self.program, path=SBIN)
        assert found is not None, f"{self.program} is missing: run scripts/proxies"
        text = (SNIPPETS / self.snippet).read_text()
        for number, port in enumerate(nodes, start=1):
            text = _replaced(text, f"10.0.0.1{number}:8765", f"127.0.0.1:{port}")
        for theirs, ours in self.ours().items():
            text = _replaced(text, theirs, ours)
        (self.folder / self.snippet).write_text(text)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [found, *self.arguments()], cwd=self.folder, stdout=log, stderr=log,
                env={"HOME": str(self.folder), "PATH": SBIN},
            )  # fmt: skip
        self._listens()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE_S)

    @abstractmethod
    def ours(self) -> Mapping[str, str]:
        """What stands in the file, and what has to stand there instead on this machine."""

    @abstractmethod
    def arguments(self) -> Sequence[str]: ...

    def _listens(self) -> None:
        assert self._process is not None
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise TimeoutError((self.folder / "log").read_text())


class HAProxy(Doorkeeper):
    program = "haproxy"
    snippet = "haproxy.cfg"

    def ours(self) -> Mapping[str, str]:
        return {
            "bind :443": f"bind 127.0.0.1:{self.port}",
            "/etc/haproxy/alerts.example.pem": str(self.certificate),
            "maxconn 20000": "maxconn 1000",  # as many files as a machine of tests may open
        }

    def arguments(self) -> Sequence[str]:
        return ["-db", "-f", self.snippet]


class Nginx(Doorkeeper):
    program = "nginx"
    snippet = "nginx.conf"

    def ours(self) -> Mapping[str, str]:
        return {
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "alerts.example;": "localhost;",
            "/etc/ssl/alerts.example.pem": str(self.certificate),
            "/etc/ssl/alerts.example.key": str(self.certificate),
        }

    def arguments(self) -> Sequence[str]:
        """The file is one part of a configuration, which Debian brings along."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        (self.folder / "main.conf").write_text(
            f"daemon off; pid {self.folder}/pid; error_log stderr; events {{}}"
            f" http {{ access_log off; {places} include {self.folder}/{self.snippet}; }}"
        )
        user = ("-g", "user root;") if self.folder.owner() == "root" else ()
        return ["-p", str(self.folder), "-c", str(self.folder / "main.conf"), *user]


class Caddy(Doorkeeper):
    program = "caddy"
    snippet = "Caddyfile"

    def ours(self) -> Mapping[str, str]:
        alone = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n\n"
        given = f"tls {self.certificate} {self.certificate}"
        return {"alerts.example {": f"{alone}localhost:{self.port} {{\n\t{given}"}

    def arguments(self) -> Sequence[str]:
        return ["run", "--adapter", "caddyfile", "--config", self.snippet]


def _replaced(text: str, theirs: str, ours: str) -> str:
    assert theirs in text, f"the file of the guide does not say {theirs!r} any more"
    return text.replace(theirs, ours)


ALL: Mapping[str, type[Doorkeeper]] = {"haproxy": HAProxy, "nginx": Nginx, "caddy": Caddy}
