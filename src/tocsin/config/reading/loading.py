"""The way of a configuration: read, fill in, overlay, validate; every problem at once."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tocsin.config.configuration import Config, Source
from tocsin.config.reading.document import MAX_SIZE, Document, Place, parse
from tocsin.config.reading.overlay import Assignment, from_environment, from_flags, lay, named, put
from tocsin.config.reading.problems import KeyPath, Problem, dotted, invalid
from tocsin.config.reading.references import dangling, is_enabled
from tocsin.config.reading.tree import leaves
from tocsin.config.reading.validation import validate
from tocsin.config.reading.variables import Expansion, Variables, read_env_file
from tocsin.config.settings import Settings
from tocsin.core.file import cause, read_file

_NOTHING: Mapping[str, str] = MappingProxyType({})
# Settings of the first level that are one value: the others are blocks, lists or named things.
_SINGLE = frozenset({"mode", "env_file"})


def load(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str] = _NOTHING) -> Config:
    """The configuration of this file, or the defaults alone. Flags come before the environment before the file.

    `overrides` are flags by dotted path (`server.port`). Nothing but files is read, nothing is changed: a reload
    calls it again. Raises InvalidConfigError with every problem.
    """
    draft = _draft(path)
    draft.overlay(environ, overrides)
    return _config(draft, path, environ, partial(load, path and path.absolute(), dict(environ), dict(overrides)))


def examine(content: bytes, name: str, base: Path) -> Config:
    """The configuration that a file with this content would be, for somebody who asks what is wrong with it.

    Nothing outside is read, neither the environment nor a file: what it leaves to those is taken as right, and is null
    here. Raises InvalidConfigError with every problem.
    """
    draft = _Draft(_parsed(content, name), base, alone=True)
    config: Callable[[], Config] = partial(examine, content, name, base)
    return _config(draft, None, _NOTHING, config)


def locate(path: Path | None, environ: Mapping[str, str], *keys: str) -> Config:
    """Only these settings (`server.port`); of all others the defaults.

    For programs beside the service that need to know where it is, and have none of its secrets: what else the file or
    the environment says is not looked at. Raises InvalidConfigError where one of these cannot be read.
    """
    draft = _draft(path)
    draft.narrow(keys)
    draft.overlay(dict(named(environ, keys)), _NOTHING)
    return _config(draft, path, environ, partial(locate, path and path.absolute(), dict(environ), *keys))


def _draft(path: Path | None) -> "_Draft":
    return _Draft(_read(path), (path or Path.cwd() / "-").absolute().parent)


def _config(draft: "_Draft", path: Path | None, environ: Mapping[str, str], again: Callable[[], Config]) -> Config:
    settings = draft.check(draft.expand(environ))
    return Config(
        settings=settings.model_copy(update={"storage": settings.storage.placed(draft.base)}),
        base=draft.base,
        where=draft.place,
        again=again,
        file=path.absolute() if path else None,
        env_file_missing=draft.env_file_missing,
        sources=dict(draft.sources()),
        private_files=tuple(dict.fromkeys(draft.private_files)),
    )


def _read(path: Path | None) -> Document:
    if path is None:
        return Document("", {}, {(): Place(1, 1)})
    try:
        return _parsed(read_file(path, 4 * MAX_SIZE + 1), path.name)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
        raise invalid(str(path), [Problem((), f"the file cannot be read ({why})")]) from None


def _parsed(content: bytes, name: str) -> Document:
    try:
        return parse(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise invalid(name, [Problem((), "the file is not UTF-8 text", f"{name}:{line}")]) from None


@dataclass
class _Draft:
    """A configuration in the making: `tree` is the file with the values from outside laid over it; `alone`, nobody
    outside is asked for any.
    """

    document: Document
    base: Path
    tree: dict[str, Any] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    private_files: list[Path] = field(default_factory=list)
    env_file_missing: bool = False
    alone: bool = False

    def __post_init__(self) -> None:
        self.problems.extend(self.document.duplicates)
        if isinstance(self.document.value, dict):
            self.tree = _copy(self.document.value)
        else:
            self._report((), "the configuration is one object {…}")

    def narrow(self, keys: Collection[str]) -> None:
        """Forget everything but these values, and the file with the variables that they refer to."""
        self.problems = [problem for problem in self.problems if not problem.path]
        kept = [(path, value) for path, value in leaves(self.tree) if dotted(path) in keys]
        variables = self.tree.get("env_file") if any("${" in str(value) for _, value in kept) else None
        self.tree = {} if variables is None else {"env_file": variables}
        for path, value in kept:
            put(self.tree, path, value)

    def overlay(self, environ: Mapping[str, str], overrides: Mapping[str, str]) -> None:
        self.assignments = [*from_environment(environ, self.tree, _SINGLE), *from_flags(overrides)]
        for assignment in self.assignments:
            lay(self.tree, assignment)

    def expand(self, environ: Mapping[str, str]) -> Expansion:
        """Fill the references of the file in; what came from outside is taken as it is."""
        env_file = self._env_file(Variables(environ, self.base))
        expansion = Variables(environ, self.base, env_file, alone=self.alone).expand(self.tree, self._assigned)
        self.private_files.extend(expansion.files)
        for path, why in expansion.unset.items():
            if not self._of_disabled_channel(path, expansion.value):
                self._report(path, why)
        return expansion

    def check(self, expansion: Expansion) -> Settings:
        """Raises InvalidConfigError with everything that was found, in the order of the file."""
        settings, findings = validate(expansion.value, self.base, self.tree)
        silent = {*expansion.unset, *expansion.left}
        for path, message in [*findings, *dangling(expansion.value)]:
            if not any(path[:length] in silent for length in range(len(path) + 1)):
                self._report(path, message)
        if self.problems:
            raise invalid(
                self.document.name or "the configuration", sorted(dict.fromkeys(self.problems), key=self._order)
            )
        return settings

    def sources(self) -> Iterator[tuple[KeyPath, Source]]:
        """Where each single value came from."""
        given = {assignment.path: Source(assignment.kind, assignment.origin) for assignment in self.assignments}
        for path, _ in leaves(self.tree):
            yield path, given.get(path, Source("file", self.document.place(path)))

    @property
    def _assigned(self) -> frozenset[KeyPath]:
        return frozenset(assignment.path for assignment in self.assignments)

    def _env_file(self, variables: Variables) -> Mapping[str, str]:
        """Its path may use the environment. A file that is not there is no problem by itself: containers have none."""
        named = variables.expand({"env_file": self.tree.get("env_file")}, self._assigned).value["env_file"]
        if self.alone or not isinstance(named, str):
            return {}
        try:
            values = read_env_file(self.base / named)
        except FileNotFoundError:
            self.env_file_missing = True
            return {}
        except (OSError, ValueError) as problem:
            self._report(("env_file",), f"the file cannot be read as NAME=value lines ({cause(problem)})")
            return {}
        self.private_files.append(self.base / named)
        return values

    def _of_disabled_channel(self, path: KeyPath, tree: Any) -> bool:
        inside = path[:2] == ("alerts", "channels") and len(path) > 3  # noqa: PLR2004 - alerts, channels, name, key
        return inside and path[3] != "enabled" and not is_enabled(tree, str(path[2]))

    def _report(self, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(path, message, self.place(path)))

    def place(self, path: KeyPath) -> str:
        """The variable, the flag or the place in the file that a path comes from."""
        for assignment in reversed(self.assignments):
            above = assignment.path[: len(path)] == path and path not in self.document.places
            if above or path[: len(assignment.path)] == assignment.path:
                return assignment.origin
        return self.document.place(path) if self.document.name else ""

    def _order(self, problem: Problem) -> tuple[int, ...]:
        """By place; equal places in the order in which they were found."""
        numbers = problem.place.rsplit(":", 2)[1:]
        return tuple(int(number) for number in numbers if number.isdecimal())


def _copy(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(item) for item in node] if isinstance(node, list) else node
