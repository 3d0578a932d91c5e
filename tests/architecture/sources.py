"""The sources of the package, each read once for all rules."""

import ast
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "tocsin"


@cache
def modules() -> tuple[Path, ...]:
    return tuple(sorted(SRC.rglob("*.py")))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything in that file, from the outside in."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def at(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(SRC)}:{node.lineno}"
