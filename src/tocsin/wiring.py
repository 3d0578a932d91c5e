"""The channels of a configuration: one line for each that this version has."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tocsin.channels.contract import Channel, Link
from tocsin.channels.discord import (
    BrokenTemplateError,
    DiscordSettings,
    Face,
    Template,
    Webhook,
    compile_template,
    discord_for,
)
from tocsin.channels.transport import Transport
from tocsin.channels.webhook import Endpoint, Webhooks
from tocsin.config import Config
from tocsin.config.reading.problems import KeyPath, Problem, invalid
from tocsin.config.settings.discord import Discord
from tocsin.config.settings.discord import Webhook as DiscordWebhook
from tocsin.config.settings.webhook import Webhooks as WebhookSettings
from tocsin.core.alert import AlertType
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import InvalidConfigError
from tocsin.core.file import cause, read_text
from tocsin.core.networks import networks

Compiled = Mapping[Path, Template]

MAX_TEMPLATE_FILE = 64 * 1024  # bytes


def channels(config: Config, transport: Transport, clock: Clock, link: Link) -> Mapping[str, Channel]:
    """Raises InvalidConfigError for what only a channel itself can judge: its templates, its addresses."""
    made: dict[str, Channel] = {}
    for name, settings in config.settings.alerts.channels.enabled():
        match settings:
            case Discord():
                made[name] = _discord(settings, config, transport, clock, link)
            case WebhookSettings():
                made[name] = _webhooks(settings, transport, clock, link)
    return made


def judge(config: Config) -> None:
    """Whether these channels could be made; nothing is started, nobody is called. Raises InvalidConfigError."""
    channels(config, Transport(), SystemClock(), lambda *_: None)


def _discord(settings: Discord, config: Config, transport: Transport, clock: Clock, link: Link) -> Channel:
    compiled = _compiled(settings, config)
    made = DiscordSettings(
        webhooks={name: _webhook(hook, compiled) for name, hook in settings.webhooks.items() if hook.url is not None},
        api_base=settings.api_base,
        bot_token=settings.bot_token,
        faces={key: Face(shop.name or key, shop.icon) for key, shop in config.settings.retailers.items()},
        public_url=config.public_url,
        templates=_templates(settings.templates, compiled),
    )
    try:
        return discord_for(made, transport, clock, link)
    except ValueError as problem:
        raise InvalidConfigError(f"alerts.channels.discord: {problem}") from None


def _webhook(settings: DiscordWebhook, compiled: Compiled) -> Webhook:
    """Its single `template` stands for every type that `templates` does not name."""
    assert settings.url is not None, "a webhook without an address is left out"
    every = dict.fromkeys(AlertType, settings.template) if settings.template else {}
    return Webhook(
        url=settings.url,
        thread_id=settings.thread_id,
        thread_name=settings.thread_name,
        templates=_templates({**every, **settings.templates}, compiled),
    )


def _webhooks(settings: WebhookSettings, transport: Transport, clock: Clock, link: Link) -> Webhooks:
    try:
        return Webhooks(_endpoints(settings), transport, clock, link)
    except ValueError as problem:
        raise InvalidConfigError(f"alerts.channels.webhook: {problem}") from None


def _endpoints(settings: WebhookSettings) -> Mapping[str, Endpoint]:
    return {
        name: Endpoint(
            url=endpoint.url,
            form=endpoint.form,
            secrets=endpoint.secret,
            vouched=networks(endpoint.allow_networks),
            bundle=endpoint.bundle,
        )
        for name, endpoint in settings.endpoints.items()
        if endpoint.url is not None
    }


def _templates(files: Mapping[AlertType, Path], compiled: Compiled) -> Mapping[AlertType, Template]:
    return {kind: compiled[file] for kind, file in files.items()}


def _compiled(settings: Discord, config: Config) -> Compiled:
    """Raises InvalidConfigError with every template that is broken, each with its file and line."""
    made: dict[Path, Template] = {}
    problems: list[Problem] = []
    for path, file in _template_files(settings):
        try:
            made[file] = compile_template(_text(file))
        except BrokenTemplateError as broken:
            place = f"{file}:{broken.line}" if broken.line else str(file)
            problems.append(Problem(("alerts", "channels", "discord", *path), broken.message, place))
    if problems:
        raise invalid(config.file.name if config.file else "the configuration", problems)
    return made


def _template_files(settings: Discord) -> Iterator[tuple[KeyPath, Path]]:
    """Where the configuration names a template, and which."""
    for kind, file in settings.templates.items():
        yield ("templates", kind), file
    for name, hook in settings.webhooks.items():
        if hook.template:
            yield ("webhooks", name, "template"), hook.template
        for kind, file in hook.templates.items():
            yield ("webhooks", name, "templates", kind), file


def _text(file: Path) -> str:
    try:
        return read_text(file, MAX_TEMPLATE_FILE)
    except (OSError, ValueError) as problem:
        raise BrokenTemplateError(f"it cannot be read ({cause(problem)})") from None
