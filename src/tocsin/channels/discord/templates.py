"""The templates that the configuration names, read and compiled."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tocsin.channels import template as language
from tocsin.channels.discord.settings import Discord
from tocsin.channels.discord.template import Template, compile_template


def compiled(settings: Discord) -> Mapping[Path, Template]:
    """Raises UnfitError with every template that is broken, each with its file and line."""
    return language.compiled(_named(settings), compile_template)


def _named(settings: Discord) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Where the block names a template, and which."""
    for kind, file in settings.templates.items():
        yield ("templates", kind), file
    for name, hook in settings.webhooks.items():
        if hook.template:
            yield ("webhooks", name, "template"), hook.template
        for kind, file in hook.templates.items():
            yield ("webhooks", name, "templates", kind), file
