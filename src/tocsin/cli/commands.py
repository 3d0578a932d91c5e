"""The commands are found by name. Each lives in the module of its name, imported once it is asked for: `tocsin send`
does not wait for what `tocsin serve` needs.
"""

import gc
from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from tocsin.cli.console import hint, say
from tocsin.core.errors import TocsinError, UnreachableError

NAMES = (
    "serve", "demo", "sandbox", "send", "close", "test", "replay", "tail", "check", "doctor", "routes", "config",
    "token", "contacts", "consents", "airtable", "report", "nodes", "db",
)  # fmt: skip


def load(words: Sequence[str]) -> None:
    """Import the command that these words ask for, in a process that is ours alone. Nothing of what is made meanwhile
    will ever go: to search it again and again for what may would take a third of the time to start.
    """
    gc.disable()
    for name in words[:1]:
        if name in NAMES:
            import_module(f"tocsin.cli.{name}")
    gc.freeze()
    gc.enable()


class Commands(TyperGroup):
    """The commands that `tocsin` offers, in the order of its help."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": Modules()})

    def invoke(self, ctx: Any) -> Any:
        """Run a command. An error of ours is told in a line or two; everything else is a bug, and shows where it is."""
        try:
            return super().invoke(ctx)
        except TocsinError as problem:
            say(problem)
            if isinstance(problem, UnreachableError):
                hint("Is it running? `tocsin serve` starts it; --url or TOCSIN_URL say where it is.")
            raise typer.Exit(1) from None

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.commands)


class Modules(MutableMapping[str, Any]):
    """A group finds its commands in modules, each with a function of its own name, or with an `app` that has commands
    of its own.
    """

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in NAMES:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = _make(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


def _make(name: str) -> Any:
    home = vars(import_module(f"tocsin.cli.{name}"))
    app = home.get("app")
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        app.command(name)(home[name])
    command = typer.main.get_command(app)
    command.name = name
    return command
