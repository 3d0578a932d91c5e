"""Discord webhooks."""

from tocsin.channels.discord.address import normalise
from tocsin.channels.discord.channel import Discord
from tocsin.channels.discord.search import SearchingDiscord, discord_for
from tocsin.channels.discord.setup import DiscordSettings, Face, Webhook
from tocsin.channels.discord.template import BrokenTemplateError, Template, compile_template

__all__ = [
    "BrokenTemplateError",
    "Discord",
    "DiscordSettings",
    "Face",
    "SearchingDiscord",
    "Template",
    "Webhook",
    "compile_template",
    "discord_for",
    "normalise",
]
