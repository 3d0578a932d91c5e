"""In a glob `*` stands for anything, and nothing else is special."""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass


def is_glob(text: str) -> bool:
    """Whether a `*` stands in it."""
    return "*" in text


@dataclass(frozen=True, slots=True)
class Globs:
    """Several globs are held against a text as one expression; without any, nothing holds.

    Matching never backtracks from a `*` that was passed (`fnmatch.translate` makes each one atomic), so a stranger's
    glob cannot stall the service.
    """

    expression: re.Pattern[str] | None

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Globs":
        parts = [fnmatch.translate(_literal(pattern)) for pattern in sorted(patterns)]
        return cls(re.compile("|".join(parts)) if parts else None)

    def hold(self, *texts: str) -> bool:
        """Whether one of the globs holds for one of these texts."""
        expression = self.expression
        return expression is not None and any(expression.match(text) is not None for text in texts)


def _literal(pattern: str) -> str:
    """The other wildcards of fnmatch are ordinary characters here."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
