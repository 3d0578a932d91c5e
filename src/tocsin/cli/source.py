"""A source is what a command reads: a file, or what another program pipes into it."""

import sys
from pathlib import Path

import typer

from tocsin.core.file import cause

STANDARD_INPUT = "-"


def read(source: str, argument: str) -> bytes:
    """Read the whole of it; `-` is standard input. Where it cannot be read, that is wrong use of the argument."""
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"{source} cannot be read ({cause(problem)})", param_hint=argument) from None
