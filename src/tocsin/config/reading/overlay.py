"""Values from the command line and the environment, laid over those of the file."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.config.reading.problems import KeyPath

PREFIX = "TOCSIN_"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value from outside the file. `origin` is what a reader is told: the variable or the flag."""

    path: KeyPath
    value: str
    kind: str
    origin: str


def from_environment(environ: Mapping[str, str], tree: Any, single: frozenset[str]) -> Iterator[Assignment]:
    """`TOCSIN_SERVER__PORT=9000` is `server.port`. An empty one counts as not set.

    Variables without `__` are settings only where they name a `single` value of the first level (`TOCSIN_MODE`):
    others (`TOCSIN_URL`, tokens) belong to somebody else.
    """
    for name in sorted(environ):
        steps = name.removeprefix(PREFIX).split("__")
        if name.startswith(PREFIX) and environ[name] and (len(steps) > 1 or steps[0].lower() in single):
            yield Assignment(_spelled(steps, tree), environ[name], "environment", name)


def named(environ: Mapping[str, str], keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """The variables that set one of these (`server.port`)."""
    variables = {PREFIX + key.replace(".", "__").upper() for key in keys}
    return ((name, value) for name, value in environ.items() if name.startswith(PREFIX) and name.upper() in variables)


def from_flags(overrides: Mapping[str, str]) -> Iterator[Assignment]:
    """Keys are dotted paths: `server.port`."""
    for dotted, value in overrides.items():
        yield Assignment(tuple(dotted.split(".")), value, "flag", f"flag {dotted}")


def lay(tree: dict[str, Any], assignment: Assignment) -> None:
    put(tree, assignment.path, _list_or_text(assignment.value))


def put(tree: dict[str, Any], path: KeyPath, value: Any) -> None:
    """Set the value in place; objects on the way are made where they are missing."""
    node = tree
    for step in path[:-1]:
        below = node.get(str(step))
        if not isinstance(below, dict):
            below = node[str(step)] = {}
        node = below
    node[str(path[-1])] = value


def _list_or_text(value: str) -> Any:
    """Lists are written as in the file: `["10.0.0.0/8"]`; the settings make numbers of text where they need them."""
    try:
        return json.loads(value) if value.startswith("[") else value
    except (ValueError, RecursionError):
        return value


def _spelled(steps: list[str], tree: Any) -> KeyPath:
    """Environment names know neither case nor hyphens: take the spelling that the file has."""
    path: list[str] = []
    for step in steps:
        keys = tree if isinstance(tree, dict) else {}
        key = next((key for key in keys if _folded(key) == _folded(step)), step.lower())
        path.append(key)
        tree = keys.get(key)
    return tuple(path)


def _folded(key: str) -> str:
    return key.lower().replace("-", "_").replace(".", "_")
