"""The channels of a configuration: one line for each that this version has."""

from collections.abc import Mapping
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
from tocsin.channels.networks import networks
from tocsin.channels.transport import Transport
from tocsin.channels.webhook import Endpoint, Webhooks
from tocsin.config import Config
from tocsin.config.settings.discord import Discord
from tocsin.config.settings.discord import Webhook as DiscordWebhook
from tocsin.config.settings.webhook import Webhooks as WebhookSettings
from tocsin.core.alert import AlertType
from tocsin.core.clock import Clock
from tocsin.core.errors import Detail, InvalidConfigError


def channels(config: Config, transport: Transport, clock: Clock, link: Link) -> Mapping[str, Channel]:
    """Raises InvalidConfigError for what only a channel itself can judge: its templates, its addresses."""
    made: dict[str, Channel] = {}
    for name, settings in config.settings.alerts.channels.enabled():
        match settings:
            case Discord():
                made[name] = discord_for(_discord(settings, config), transport, clock, link)
            case WebhookSettings():
                made[name] = _webhooks(settings, transport, clock, link)
    return made


def _discord(settings: Discord, config: Config) -> DiscordSettings:
    return DiscordSettings(
        webhooks={name: _webhook(hook) for name, hook in settings.webhooks.items() if hook.url is not None},
        api_base=settings.api_base,
        bot_token=settings.bot_token,
        faces={key: Face(shop.name or key, shop.icon) for key, shop in config.settings.retailers.items()},
        public_url=config.public_url,
        templates=_templates(settings.templates),
    )


def _webhook(settings: DiscordWebhook) -> Webhook:
    """Its single `template` stands for every type that `templates` does not name."""
    assert settings.url is not None, "a webhook without an address is left out"
    every = dict.fromkeys(AlertType, settings.template) if settings.template else {}
    return Webhook(
        url=settings.url,
        thread_id=settings.thread_id,
        thread_name=settings.thread_name,
        templates=_templates({**every, **settings.templates}),
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


def _templates(files: Mapping[AlertType, Path]) -> Mapping[AlertType, Template]:
    return {kind: _template(file) for kind, file in files.items()}


def _template(file: Path) -> Template:
    try:
        return compile_template(file.read_text())
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidConfigError(f"the template {file} cannot be read: {problem}") from None
    except BrokenTemplateError as problem:
        place = f"{file}:{problem.line}" if problem.line else str(file)
        raise InvalidConfigError(f"{place}: {problem.message}", [Detail("templates", problem.message)]) from None
