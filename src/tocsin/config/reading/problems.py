"""What is wrong with a configuration: every problem at once, each with its place and how to mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tocsin.core.errors import Detail, InvalidConfigError

KeyPath = tuple[str | int, ...]

_LONGEST = 100  # characters of what is compared with known words


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is `alerts.json:12:7`, or the variable or flag that the value came from. No message carries a secret."""

    path: KeyPath
    message: str
    place: str = ""

    def detail(self) -> Detail:
        return Detail(dotted(self.path), f"{self.place}: {self.message}" if self.place else self.message)


def dotted(path: KeyPath) -> str:
    """A path as people write it: `routes.0.to`."""
    return ".".join(str(step) for step in path)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The nearest known word as the end of a message, or nothing where none is near."""
    words, given = sorted(known), given[:_LONGEST]
    near = get_close_matches(given, words, n=1, cutoff=0.6) or get_close_matches(given.lower(), words, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def invalid(name: str, problems: Sequence[Problem]) -> InvalidConfigError:
    """All problems as one error whose text alone is enough to mend the file."""
    details = [problem.detail() for problem in problems]
    head = f"{name} has {len(details)} problem{'s' if len(details) > 1 else ''}"
    lines = [f"  {problem.place or name}: {_line(problem)}" for problem in problems]
    return InvalidConfigError("\n".join([head, *lines]), details)


def _line(problem: Problem) -> str:
    return f"{dotted(problem.path)}: {problem.message}" if problem.path else problem.message
