"""What a command reads: a file, or what another program pipes into it."""

import sys
from pathlib import Path

import typer

from tocsin.core.file import cause

STANDARD_INPUT = "-"


def read(source: str, argument: str) -> bytes:
    """The whole of it; `-` is standard input. Wrong use of that argument where it cannot be read."""
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"{source} cannot be read ({cause(problem)})", param_hint=argument) from None
