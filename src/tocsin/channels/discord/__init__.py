"""Discord webhooks."""

from tocsin.channels.discord.address import normalise
from tocsin.channels.discord.channel import Discord
from tocsin.channels.discord.search import SearchingDiscord, discord_for
from tocsin.channels.discord.settings import DiscordSettings, Face, Webhook

__all__ = ["Discord", "DiscordSettings", "Face", "SearchingDiscord", "Webhook", "discord_for", "normalise"]
