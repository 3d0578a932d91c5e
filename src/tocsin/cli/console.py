"""The console is where commands write: answers to standard output, everything else to standard error. NO_COLOR is
obeyed.
"""

import asyncio
import io
import json
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import uvloop
from rich.console import Console

from tocsin.core.errors import TocsinError

T = TypeVar("T")

answers = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def say(problem: TocsinError) -> None:
    """Tell people of an error: its word, what is wrong, and whatever the message does not tell by itself.

    A message of several lines tells a problem a line already.
    """
    errors.print(f"[bold red]{problem.code}[/]: ", end="")
    errors.print(problem.message, markup=False)
    for detail in problem.details:
        if detail.message not in problem.message and "\n" not in problem.message:
            errors.print(f"  {detail.path}: {detail.message}", markup=False)


def hint(text: str) -> None:
    """Tell what the reader may want to know beside the answer, on standard error."""
    errors.print(text, markup=False, style="dim")


def tell(text: str) -> None:
    """Print a line of the answer as it is: what comes from outside is no markup."""
    answers.print(text, markup=False)


def tell_table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> None:
    """Print columns as wide as they need to be, whatever the terminal is: nothing of an answer is cut off."""
    lines = [head, *rows] if head else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        answers.print(text, markup=False, style="bold" if head and number == 0 else None)


def tell_json(value: object) -> None:
    """Print a JSON document for programs: one a line, nothing around it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def prepare_streams() -> None:
    """Make each line be seen at once by whoever reads it through a pipe or a file, in UTF-8 whatever the locale says.

    A stream that our starter closed leads nowhere: else the first file that is opened would stand in its place.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
