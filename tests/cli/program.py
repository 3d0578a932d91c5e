"""The real program in processes of its own, as a shell would start it."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.deadline import DEADLINE_S


def environment() -> dict[str, str]:
    """Ours, without what would point the commands elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "1000"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tocsin", *arguments]


def tocsin(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env={**environment(), **(environ or {})},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


class Process:
    """A command that stays. Its lines are read as they come, so that it never waits for its reader."""

    def __init__(self, folder: Path, *arguments: str, through: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [*through, *self.command(*arguments)], cwd=folder, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._said = _Lines(self._process.stdout)
        self._logged = _Lines(self._process.stderr)

    def command(self, *arguments: str) -> list[str]:
        return command(*arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def tell(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def held_back(self) -> int:
        """The signals that the kernel keeps for it until it wants to hear of them, a bit each (proc(5), SigBlk)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        blocked = re.search(r"^SigBlk:\s*([0-9a-f]+)$", status, re.MULTILINE)
        assert blocked is not None, status
        return int(blocked[1], 16)

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(DEADLINE_S)

    def stop(self) -> int:
        self.tell(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self._process.poll() is None:
            self.tell(signal.SIGKILL)
        self._process.wait(DEADLINE_S)
        self._said.close()
        self._logged.close()

    @property
    def said_something(self) -> bool:
        return not self._said.empty

    def says(self, pattern: str) -> re.Match[str]:
        """The next line of its answers that matches."""
        return self._said.expect(pattern)

    def complains(self, pattern: str) -> re.Match[str]:
        """The next line beside its answers that matches."""
        return self._logged.expect(pattern)

    def logs(self, message: str, what: str | None = None) -> Mapping[str, Any]:
        """The next line of its log with this message, of this kind of trouble where one is named."""
        kind = "" if what is None else rf'"what": "{re.escape(what)}".*'
        line: Mapping[str, Any] = json.loads(self._logged.expect(rf'.*"message": "{re.escape(message)}".*{kind}')[0])
        return line

    @property
    def log(self) -> str:
        """All that it has logged."""
        return "\n".join(self._logged.all)

    def rest_of_log(self) -> list[str]:
        """What was not yet looked at, once it has ended."""
        return self._logged.rest()


class Serving(Process):
    """`tocsin serve`, ready for requests."""

    def __init__(self, folder: Path, *arguments: str, through: tuple[str, ...] = ()) -> None:
        super().__init__(folder, "serve", *arguments, through=through)
        try:
            self.url, self.link = self.says(r"Dashboard +(http://[^/]+)(.*)").groups()
        except BaseException:
            self.kill()
            raise

    @property
    def token(self) -> str:
        return self.link.partition("#token=")[2]


class _Lines:
    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.all: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def empty(self) -> bool:
        return self._lines.empty()

    def expect(self, pattern: str) -> re.Match[str]:
        seen = []
        while (line := self._lines.get(timeout=DEADLINE_S)) is not None:
            seen.append(line)
            if match := re.fullmatch(pattern, line):
                return match
        self._lines.put(None)
        raise AssertionError(f"{pattern!r} never came; what came was {seen}")

    def rest(self) -> list[str]:
        return list(iter(lambda: self._lines.get(timeout=DEADLINE_S), None))

    def close(self) -> None:
        self._reader.join(DEADLINE_S)
        self._pipe.close()

    def _read(self) -> None:
        for line in self._pipe:
            self.all.append(line.rstrip("\n"))
            self._lines.put(self.all[-1])
        self._lines.put(None)
