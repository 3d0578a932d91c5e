"""Somebody who has just cloned the repository, and types what the README says."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 300  # a first run installs everything

_OWN = ("HOME", "LANG", "USER", "TMPDIR")
_OF_INSTALLERS = ("UV_", "PIP_", "NPM_CONFIG_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "NODE_EXTRA_")


def environment() -> dict[str, str]:
    """Theirs: nothing of this checkout is on the path. What is downloaded is kept where everybody keeps it."""
    mine = {
        name: value for name, value in os.environ.items() if name in _OWN or name.upper().startswith(_OF_INSTALLERS)
    }
    path = [folder for folder in os.environ["PATH"].split(":") if not Path(folder).is_relative_to(ROOT)]
    return {**mine, "PATH": ":".join(path), "NO_COLOR": "1", "TOCSIN_SERVER__PORT": "0"}  # its own may be taken


def clone(to: Path) -> Path:
    """As `git clone` makes it, with what has been changed here since the last commit."""
    git("clone", "--quiet", str(ROOT), str(to), folder=ROOT)
    for name in git("ls-files", "-z", "--modified", "--others", "--exclude-standard", folder=ROOT).split("\0"):
        changed = ROOT / name
        if name and changed.is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(changed, to / name)
        elif name:
            (to / name).unlink(missing_ok=True)
    for step in (
        ("add", "--all"),
        ("-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--allow-empty", "-mn"),
    ):
        git(*step, folder=to)
    return to


def git(*words: str, folder: Path) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


class Typed:
    """A command under way in a terminal of its own, and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def says(self, pattern: str) -> re.Match[str]:
        """The next line that matches."""
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            async for line in self._process.stdout:
                self.said.append(line.decode().rstrip())
                if match := re.fullmatch(pattern, self.said[-1]):
                    return match
        raise AssertionError(f"{pattern!r} never came; what came was {self.said}")

    async def interrupt(self) -> list[str]:
        """Ctrl-C: all that it says from then on."""
        os.killpg(self._process.pid, signal.SIGINT)
        async with asyncio.timeout(DEADLINE_S):
            rest, _ = await self._process.communicate()
        return rest.decode().splitlines()


@contextlib.asynccontextmanager
async def typed(command: str, folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Typed]:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        command,
        cwd=folder,
        env=environ,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        start_new_session=True,
    )
    try:
        yield Typed(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
