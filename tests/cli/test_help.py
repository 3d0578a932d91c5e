"""What can be read before anything is started."""

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.cli.commands import NAMES

shell = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "1000", "TERM": "dumb"})


def every_command() -> Iterator[tuple[str, ...]]:
    yield ()
    root = typer.main.get_command(app)
    for name in NAMES:
        yield (name,)
        yield from ((name, inner) for inner in getattr(root.commands[name], "commands", ()))


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_help_has_an_example(words: tuple[str, ...]):
    told = shell.invoke(app, [*words, "--help"])
    assert told.exit_code == 0
    assert "Example: " + " ".join(("tocsin", *words)) in told.stdout


def test_the_commands_of_the_interface_are_there():
    assert {" ".join(words) for words in every_command()} >= {
        "serve", "demo", "sandbox", "send", "close", "test", "replay", "tail", "check", "routes test", "config show",
        "config schema", "token create", "token list", "token revoke", "db upgrade", "db backup", "doctor", "nodes",
    }  # fmt: skip


def test_a_misspelled_command_is_wrong_use_and_told_its_neighbour():
    told = shell.invoke(app, ["sned"])
    assert told.exit_code == 2
    assert "send" in told.stderr


def test_the_version_is_told():
    told = shell.invoke(app, ["--version"])
    assert (told.exit_code, told.stdout.count(".")) == (0, 2)


def test_nothing_at_all_is_answered_with_help():
    told = shell.invoke(app, [])
    assert "COMMAND" in told.stdout
