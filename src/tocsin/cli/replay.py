"""`tocsin replay` sends a file of detections, and accounts for every line."""

import asyncio
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tocsin.cli.console import errors, hint, run, say, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.cli.source import read
from tocsin.client import Client, json_of
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import (
    LedgerUnavailableError,
    NotJsonError,
    RateLimitedError,
    TocsinError,
    TooLargeError,
    UnreachableError,
)
from tocsin.pipeline.intake.parsing import parse

BATCH = 100  # lines a request; with --rate, at most a tenth of a second's worth
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
MOST_SHOWN = 10  # numbers of lines, to people
MOST_NUMBERS = 1000  # to programs

_PASSING = (UnreachableError, LedgerUnavailableError, RateLimitedError)  # a restart, a full disk, too much at once


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file as it is sent; `alert` is None where it is not JSON."""

    number: int
    alert: bytes | None


@dataclass(slots=True)
class Account:
    """An account says what became of the lines, by their numbers: each stands in one place of `results`, and in `notes`
    with what the service mended.

    `lost` has the error that ended the replay early.
    """

    total: int
    results: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    lost: TocsinError | None = None

    @property
    def answered(self) -> int:
        return sum(map(len, self.results.values()))

    @property
    def good(self) -> bool:
        return self.lost is None and not any(decision == "invalid" for decision, _ in self.results)

    def enter(self, line: Line, result: Mapping[str, Any]) -> None:
        """Enter what became of a line."""
        self.results[_outcome(result)].append(line.number)
        for note in result.get("notes", ()):
            self.notes[note["path"], note["message"]].append(line.number)

    def as_json(self) -> dict[str, Any]:
        """The account for programs, with the numbers of the lines that somebody may want to look at."""
        results: list[dict[str, Any]] = [
            {"decision": decision, "reason": reason, "lines": len(numbers)}
            | ({"numbers": numbers[:MOST_NUMBERS]} if decision == "invalid" else {})
            for (decision, reason), numbers in _most_common(self.results)
        ]
        notes = [
            {"path": path, "message": message, "lines": len(numbers), "numbers": numbers[:MOST_NUMBERS]}
            for (path, message), numbers in _most_common(self.notes)
        ]
        told = {"lines": self.total, "results": results, "unanswered": self.total - self.answered}
        return told | ({"notes": notes} if notes else {})


def _most_common(entries: Mapping[tuple[str, str], list[int]]) -> list[tuple[tuple[str, str], list[int]]]:
    return sorted(entries.items(), key=lambda entry: -len(entry[1]))


def replay(
    file: Annotated[str, typer.Argument(help="A file of detections, a JSON object a line; - is standard input.")],
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Alerts a second; none: as fast as they are taken.")
    ] = None,
    keep_times: Annotated[bool, typer.Option("--keep-times", help="Send the timestamps of the file.")] = False,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to go on asking a service that is away before giving up.")
    ] = 60.0,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Send a file of detections. Each line has a key made of the file and its number: a second run changes nothing.

    A service that is restarted in the middle is waited for. The answer accounts for every line,
    and names those that are invalid or were mended.

    Example: `tocsin replay feed.ndjson --rate 50`
    """
    content = read(file, "FILE")
    account = run(_replay(client(url, token, config), content, rate, patience, keep_times=keep_times))
    if as_json:
        tell_json(account.as_json())
    else:
        _tell(account)
    if account.lost:
        say(account.lost)
    if not account.good:
        raise typer.Exit(1)


def _tell(account: Account) -> None:
    for (decision, reason), numbers in _most_common(account.results):
        tell(f"{len(numbers):>8,}  {decision}: {reason}" + (_where(numbers) if decision == "invalid" else ""))
    if account.lost:
        tell(f"{account.total - account.answered:>8,}  without an answer: run it again, nothing is counted twice")
    tell(f"{account.total:>8,}  lines")
    for (path, message), numbers in _most_common(account.notes):
        tell(f"{len(numbers):>8,}  noted: {path}: {message}{_where(numbers)}")


def _where(numbers: Sequence[int]) -> str:
    first = ", ".join(map(str, numbers[:MOST_SHOWN]))
    return f" (line{'s' if len(numbers) > 1 else ''} {first}{', …' if len(numbers) > MOST_SHOWN else ''})"


async def _replay(service: Client, content: bytes, rate: float | None, patience: float, *, keep_times: bool) -> Account:
    lines = list(_keyed(content, keep_times=keep_times))
    account = Account(len(lines))
    clock = SystemClock()
    size = BATCH if rate is None else max(1, min(BATCH, int(rate / 10)))
    started = clock.monotonic()
    async with service:
        sender = _Sender(service, clock, patience)
        with _progress() as progress:
            bar = progress.add_task("replay", total=len(lines))
            try:
                for begin in range(0, len(lines), size):
                    if rate is not None:
                        await clock.sleep(started + begin / rate - clock.monotonic())
                    some = lines[begin : begin + size]
                    for line, result in zip(some, await sender.send(some), strict=True):
                        account.enter(line, result)
                    progress.update(bar, completed=account.answered)
            except TocsinError as problem:
                account.lost = problem
    return account


def _keyed(content: bytes, *, keep_times: bool) -> Iterator[Line]:
    """Give each line its key; blank ones are no lines.

    Without their times a second run is the same request, however much later.
    """
    name = sha256(content).hexdigest()[:16]
    for number, text in enumerate(content.removeprefix(BOM_UTF8).split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            alert = parse(text)
            if isinstance(alert, dict):
                if not keep_times:
                    alert.pop("timestamp", None)
                alert.setdefault("idempotency_key", f"{name}:{number}")
            yield Line(number, json_of(alert))
        except (NotJsonError, RecursionError):
            yield Line(number, None)


class _Sender:
    """A sender gets answers for lines, in their order, however often the service has to be asked."""

    def __init__(self, service: Client, clock: Clock, patience: float) -> None:
        self._service = service
        self._clock = clock
        self._patience = patience

    async def send(self, lines: Sequence[Line]) -> list[Mapping[str, Any]]:
        """Send the lines. Raises UnreachableError and its like once the patience is at an end."""
        alerts = [line.alert for line in lines if line.alert is not None]
        answers = iter(await self._part(alerts) if alerts else ())
        return [_invalid(_NOT_JSON) if line.alert is None else next(answers) for line in lines]

    async def _part(self, alerts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """Send what is too much at once in halves."""
        try:
            told = await self._insist(b"[" + b",".join(alerts) + b"]")
        except TooLargeError as problem:
            if len(alerts) == 1:
                return [_invalid(problem)]
            half = len(alerts) // 2
            return [*await self._part(alerts[:half]), *await self._part(alerts[half:])]
        results: list[Mapping[str, Any]] = told["results"]
        return results

    async def _insist(self, body: bytes) -> Any:
        """Ask again until there is an answer: the keys make it safe, and what was taken already gets its first
        answer.
        """
        end = self._clock.monotonic() + self._patience
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self._service.post("/api/v1/alerts", body=body)
            except _PASSING as problem:
                if self._clock.monotonic() + pause > end:
                    raise
                if pause == FIRST_PAUSE_S:
                    hint(f"waiting: {problem.message}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


_NOT_JSON = NotJsonError("this line is not JSON")


def _invalid(problem: TocsinError) -> Mapping[str, Any]:
    return {"decision": "invalid", **problem.as_json()}


def _outcome(result: Mapping[str, Any]) -> tuple[str, str]:
    if result["decision"] != "invalid":
        return result["decision"], result["reason"]
    details = result["error"]["details"]
    return "invalid", f"{details[0]['path']}: {details[0]['message']}" if details else result["error"]["message"]


def _progress() -> Progress:
    """Show progress where somebody looks: a log file wants the account alone."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
