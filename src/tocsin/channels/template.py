"""The language of users' templates: a file replaces some parts of the messages about one type of alert.

A template has neither loops nor calls nor arithmetic, so it ends, and soon, whatever the alert says; every value is
made fit for its place where it is put in. All of that is checked when it is compiled.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.channels.spec import Flaw, UnfitError
from tocsin.core.file import cause, read_text

T = TypeVar("T")

MAX_SOURCE = 10_000  # characters
MAX_FILE = 64 * 1024  # bytes
FILTERS = ("capitalize", "default", "lower", "title", "trim", "truncate", "upper")

_ALLOWED = (
    nodes.Template,
    nodes.Block,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.CondExpr,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Filter,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
)


class BrokenTemplateError(ValueError):
    """`line` counts from 1; None where the fault is not in one line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Blocks:
    """Made by `Language.compile`."""

    _compiled: Compiled = field(repr=False)

    def written(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Each block that the template has, with these values in it. Raises BrokenTemplateError."""
        try:
            return {name: self._write(block, values) for name, block in self._compiled.blocks.items()}
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise BrokenTemplateError(f"{type(error).__name__}: {error}") from None

    def _write(self, block: Callable[[Any], Iterator[str]], values: Mapping[str, Any]) -> str:
        return "".join(block(self._compiled.new_context(dict(values)))).strip()


class Language:
    """What a channel's templates may have: `blocks` that replace a part each, `variables` to speak of. What every
    `{{ … }}` comes to goes through `put_in`, and with `in_html` is escaped after that.
    """

    def __init__(
        self,
        blocks: tuple[str, ...],
        variables: frozenset[str],
        put_in: Callable[[object], str],
        *,
        in_html: bool = False,
    ) -> None:
        self._blocks = blocks
        self._variables = variables
        self._environment = ImmutableSandboxedEnvironment(finalize=put_in, autoescape=in_html, trim_blocks=True)
        self._environment.globals.clear()
        self._environment.filters = {name: self._environment.filters[name] for name in FILTERS}

    def compile(self, source: str) -> Blocks:
        """Raises BrokenTemplateError, with the line, for what is no template or would not be one that surely ends."""
        if len(source) > MAX_SOURCE:
            raise BrokenTemplateError(f"longer than {MAX_SOURCE} characters")
        try:
            tree = self._environment.parse(source)
            self._check(tree)
            return Blocks(self._environment.from_string(tree))
        except TemplateSyntaxError as error:
            raise BrokenTemplateError(error.message or "not a template", error.lineno) from None
        except (TemplateError, RecursionError) as error:
            raise BrokenTemplateError(str(error)) from None

    def _check(self, tree: nodes.Template) -> None:
        for node in tree.body:
            if not isinstance(node, nodes.Block) and not _is_blank(node):
                raise BrokenTemplateError(f"text stands outside of the blocks {', '.join(self._blocks)}", node.lineno)
        for node in tree.find_all(nodes.Node):
            if problem := self._problem(node):
                raise BrokenTemplateError(problem, node.lineno)

    def _problem(self, node: nodes.Node) -> str | None:
        match node:
            case nodes.Block(name=name) if name not in self._blocks:
                return f"there is no block {name!r}: {', '.join(self._blocks)}"
            case nodes.Name(name=name) if name not in self._variables:
                return f"there is no {name!r}: {', '.join(sorted(self._variables))}"
            case nodes.Filter(name=name) if name not in FILTERS:
                return f"there is no filter {name!r}: {', '.join(FILTERS)}"
            case nodes.Getattr(node=nodes.Name(name="metadata")):
                return None
            case nodes.Getattr():
                return "only `metadata` has names of its own: metadata.colour"
        return None if isinstance(node, _ALLOWED) else f"{type(node).__name__.lower()} is not for templates"


def compiled(named: Iterable[tuple[tuple[str, ...], Path]], compile_template: Callable[[str], T]) -> Mapping[Path, T]:
    """Read the files, each named by where the configuration says so, and compile them.

    Raises UnfitError with every one that is broken, each with its file and line.
    """
    made: dict[Path, T] = {}
    flaws: list[Flaw] = []
    for path, file in named:
        try:
            made[file] = compile_template(_text(file))
        except BrokenTemplateError as broken:
            flaws.append(Flaw(path, broken.message, f"{file}:{broken.line}" if broken.line else str(file)))
    if flaws:
        raise UnfitError(flaws)
    return made


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _text(file: Path) -> str:
    try:
        return read_text(file, MAX_FILE)
    except (OSError, ValueError) as problem:
        raise BrokenTemplateError(f"it cannot be read ({cause(problem)})") from None
