"""Where commands write: answers to standard output, everything else to standard error. NO_COLOR is obeyed."""

import asyncio
import io
import json
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
from rich.console import Console

from tocsin.core.errors import TocsinError

T = TypeVar("T")

answers = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def say(problem: TocsinError) -> None:
    """An error for people: its word, what is wrong, and where. A message of several lines tells the places itself."""
    errors.print(f"[bold red]{problem.code}[/]: ", end="")
    errors.print(problem.message, markup=False)
    for detail in () if "\n" in problem.message else problem.details:
        errors.print(f"  {detail.path}: {detail.message}", markup=False)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def follow_lines() -> None:
    """Each line is seen at once by whoever reads it through a pipe or a file."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def print_json(value: object) -> None:
    """For programs: one JSON document, nothing around it."""
    answers.print(json.dumps(value, ensure_ascii=False, default=str), markup=False)
