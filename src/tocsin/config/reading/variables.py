"""`${NAME}`, `${NAME:-default}` and `${file:/path}`: what the file leaves to its surroundings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.config.reading.problems import KeyPath
from tocsin.core.file import cause, read_text

MAX_SECRET_FILE = 64 * 1024  # bytes
MAX_ENV_FILE = 1024 * 1024  # bytes

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class _UnsetError(Exception):
    """A reference that nothing answers; the text says why."""


class _LeftError(_UnsetError):
    """A reference that is for others to answer."""


@dataclass
class Expansion:
    """What became of the references in one tree of values.

    `unset` says for each path why its value is missing (it reads as null there); `left` are the paths that were not to
    be answered, and read as null too; `files` are the secret files that were read.
    """

    value: Any = None
    unset: dict[KeyPath, str] = field(default_factory=dict)
    left: set[KeyPath] = field(default_factory=set)
    files: list[Path] = field(default_factory=list)
    literal: frozenset[KeyPath] = frozenset()


@dataclass(frozen=True)
class Variables:
    """`environ` comes first, then `env_file`. Relative paths start at `base`. With `alone` nobody outside is asked:
    neither these nor a file.
    """

    environ: Mapping[str, str]
    base: Path
    env_file: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False

    def expand(self, tree: Any, literal: frozenset[KeyPath] = frozenset()) -> Expansion:
        """Replace every reference in the strings of a tree; keys stay as they are, and so do the `literal` paths."""
        expansion = Expansion(literal=literal)
        expansion.value = self._walk(tree, (), expansion)
        return expansion

    def _walk(self, node: Any, path: KeyPath, expansion: Expansion) -> Any:
        if isinstance(node, dict):
            return {key: self._walk(value, (*path, key), expansion) for key, value in node.items()}
        if isinstance(node, list):
            return [self._walk(value, (*path, index), expansion) for index, value in enumerate(node)]
        if isinstance(node, str) and "${" in node and path not in expansion.literal:
            return self._text(node, path, expansion)
        return node

    def _text(self, text: str, path: KeyPath, expansion: Expansion) -> str | None:
        try:
            return _REFERENCE.sub(lambda found: self._answer(found, expansion), text)
        except _LeftError:
            expansion.left.add(path)
            return None
        except _UnsetError as error:
            expansion.unset[path] = str(error)
            return None

    def _answer(self, found: re.Match[str], expansion: Expansion) -> str:
        inner = found[1]
        if not found[0].endswith("}"):
            raise _UnsetError("the reference is not closed: } is missing")
        if inner.startswith("file:"):
            return self._secret_file(self.base / inner.removeprefix("file:"), expansion)
        named = _NAME.fullmatch(inner)
        if named is None:
            raise _UnsetError("references are written ${NAME}, ${NAME:-default} or ${file:/path}")
        return self._variable(named[1], named[2])

    def _variable(self, name: str, default: str | None) -> str:
        value = self.environ.get(name) or self.env_file.get(name) or default
        if value is None and self.alone:
            raise _LeftError
        if value is None:
            raise _UnsetError(f"the variable {name} is not set")
        if not value.isprintable():
            raise _UnsetError(f"the variable {name} has control characters")
        return value

    def _secret_file(self, path: Path, expansion: Expansion) -> str:
        if self.alone:
            raise _LeftError
        try:
            text = read_text(path, MAX_SECRET_FILE).rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise _UnsetError(f"the secret file cannot be read ({cause(error)})") from None
        expansion.files.append(path)
        if not text:
            raise _UnsetError("the secret file is empty")
        return text


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; `export`, quotes and `#` comments as shells have them, nothing is expanded.

    Raises OSError, and ValueError where it is no text.
    """
    lines = (line.strip() for line in read_text(path, MAX_ENV_FILE).splitlines())
    assignments = (_ASSIGNMENT.fullmatch(line) for line in lines if not line.startswith("#"))
    return {found[1]: _unquoted(found[2]) for found in assignments if found}


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    return text.partition(" #")[0].rstrip()
