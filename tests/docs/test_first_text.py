"""The tutorial of the first text, from its first command to its last, against the simulated Twilio that it starts."""

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from benchmarks.program import free_port
from tests.cli.program import Process, Serving, environment
from tests.deadline import DEADLINE_S
from tests.docs.snippets import ROOT, SNIPPETS

PAGE = "docs/tutorial/first-text.md"
SANDBOX, SERVE, *COMMANDS = [one.text for one in SNIPPETS if one.page == PAGE and one.language == "sh"]
(FILE,) = [one.text for one in SNIPPETS if one.page == PAGE and one.language == "json"]


class Reader:
    """Somebody who pastes one block after the other; only the ports are others."""

    def __init__(self, folder: Path, sandbox: str, port: int) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._ports = {"http://127.0.0.1:8766": sandbox, "http://127.0.0.1:8765": f"http://127.0.0.1:{port}"}
        self._environment = {**environment(), "TOCSIN_URL": f"http://127.0.0.1:{port}"}

    def pastes(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-ec", self.adapted(text)], cwd=self._folder, env=self._environment,
            capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        return done.stdout

    def adapted(self, text: str) -> str:
        for told, real in self._ports.items():
            text = text.replace(told, real)
        return text

    def texts(self, number: str) -> list[str]:
        shown = self._shown("/rooms")["phones"]
        return [text["body"] for phone in shown if phone["number"] == number for text in phone["texts"]]

    def until(self, holds: Callable[[], bool]) -> None:
        """Look again with each request that the sandbox hears of."""
        seen = 0
        while not holds():
            heard = self._shown(f"/journal?after={seen}&wait={DEADLINE_S // 2}")["entries"]
            assert heard, "nothing more has come"
            seen = heard[-1]["number"]

    def _shown(self, path: str) -> Any:
        with urlopen(self._sandbox + path, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read())


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    port = free_port()
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with Process(tmp_path, *arguments(SANDBOX), "--port", "0") as sandbox:
        reader = Reader(tmp_path, sandbox.says(r"What arrives +(http://.+)/")[1], port)
        (tmp_path / "alerts.json").write_text(reader.adapted(FILE))
        for key in ("twilio_sid", "twilio_auth", "from_number", "verify_service"):
            assert sandbox.says(rf"{key} +(\S+)")[1] in FILE
        with Serving(tmp_path, *arguments(SERVE)[1:], "--port", str(port)):
            yield reader


def arguments(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    assert program == ".venv/bin/tocsin"
    return rest


def test_the_first_text_arrives_and_stop_is_silence(reader: Reader):
    people, listed, send, stop, silence, start, consents = COMMANDS
    assert "2  created" in reader.pastes(people)
    assert "Bob" in reader.pastes(listed)
    reader.pastes(send)
    reader.until(lambda: any("RTX 5090" in text for text in reader.texts("+14155550101")))
    reader.pastes(stop)
    reader.until(lambda: "STOP" in reader.texts("+14155550101"))
    assert "Ada" in reader.pastes(silence)
    reader.pastes(start)
    reader.until(lambda: any("RTX 5070" in text for text in reader.texts("+14155550101")))
    assert not any("RTX 5080" in text for text in reader.texts("+14155550101"))
    assert reader.texts("+14155550102") == []
    assert [json.loads(line)["event"] for line in reader.pastes(consents).splitlines()] == [
        "imported",
        "withdrawn",
        "resumed",
    ]
