"""The templates that the configuration names, read and compiled."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tocsin.channels.discord.settings import Discord
from tocsin.channels.discord.template import BrokenTemplateError, Template, compile_template
from tocsin.channels.spec import Flaw, UnfitError
from tocsin.core.file import cause, read_text

MAX_FILE = 64 * 1024  # bytes


def compiled(settings: Discord) -> Mapping[Path, Template]:
    """Raises UnfitError with every template that is broken, each with its file and line."""
    made: dict[Path, Template] = {}
    flaws: list[Flaw] = []
    for path, file in _named(settings):
        try:
            made[file] = compile_template(_text(file))
        except BrokenTemplateError as broken:
            flaws.append(Flaw(path, broken.message, f"{file}:{broken.line}" if broken.line else str(file)))
    if flaws:
        raise UnfitError(flaws)
    return made


def _named(settings: Discord) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Where the block names a template, and which."""
    for kind, file in settings.templates.items():
        yield ("templates", kind), file
    for name, hook in settings.webhooks.items():
        if hook.template:
            yield ("webhooks", name, "template"), hook.template
        for kind, file in hook.templates.items():
            yield ("webhooks", name, "templates", kind), file


def _text(file: Path) -> str:
    try:
        return read_text(file, MAX_FILE)
    except (OSError, ValueError) as problem:
        raise BrokenTemplateError(f"it cannot be read ({cause(problem)})") from None
