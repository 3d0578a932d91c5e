"""Where commands write: answers to standard output, everything else to standard error. NO_COLOR is obeyed."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
from rich.console import Console

T = TypeVar("T")

answers = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def print_json(value: object) -> None:
    """For programs: one JSON document, nothing around it."""
    answers.print(json.dumps(value, ensure_ascii=False, default=str), markup=False)
