"""Looking for a lost message: the channel's messages are listed with a bot's token and the footers read."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import orjson

from tocsin.channels.contract import Attempt, Link, Report
from tocsin.channels.discord.address import api_root
from tocsin.channels.discord.channel import Discord
from tocsin.channels.discord.embed import reference_in
from tocsin.channels.discord.reference import reference_of
from tocsin.channels.discord.setup import DiscordSettings
from tocsin.channels.transport import Answer, Transport
from tocsin.core.clock import Clock, epoch_micros
from tocsin.core.outcome import Deferred, Delay, Outcome, Sent
from tocsin.core.secret import Secret

DISCORD_EPOCH_MS = 1_420_070_400_000  # 2015-01-01: where Discord's ids begin to count (API Reference, Snowflakes)
PAGE = 100  # messages in one answer, the most that Discord gives
PAGES = 5
PAGE_BYTES = 4 * 1024 * 1024

_SLACK = timedelta(minutes=1)  # between our clock and Discord's
_SETTLED = timedelta(seconds=20)  # a request may be worked on for longer than we waited for its answer

_Found = dict[str, str]
"""Reference of a delivery -> id of the message that shows it."""


def discord_for(settings: DiscordSettings, transport: Transport, clock: Clock, link: Link) -> Discord:
    """The channel that these settings allow: with a bot's token it can also look for lost messages."""
    kind = SearchingDiscord if settings.bot_token else Discord
    return kind(settings, transport, clock, link)


class SearchingDiscord(Discord):
    """Satisfies `Finds` as well: `settings.bot_token` is set."""

    async def find(self, attempt: Attempt) -> Report | None:
        """None while the message may still be on its way, and where the bot cannot read the channel."""
        place = await self._place(attempt.target)
        if place is None or self._webhook(attempt.target).thread_name:
            return None
        found = await self._listed(self._webhook(attempt.target).thread_id or place, attempt)
        if found is None:
            return None
        references = [reference_of(member.delivery) for member in attempt.members]
        if self._clock.now() - attempt.started_at < _SETTLED and not all(name in found for name in references):
            return None
        return Report(tuple(_outcome(found.get(reference)) for reference in references))

    async def _listed(self, place: str, attempt: Attempt) -> _Found | None:
        """What the webhook has said since the attempt began."""
        webhook_id = self._addresses[attempt.target.name].webhook_id
        found: _Found = {}
        after = _snowflake(epoch_micros(attempt.started_at - _SLACK) // 1000)
        for _ in range(PAGES):
            messages = await self._page(place, after)
            if messages is None or any(_is_veiled(message, webhook_id) for message in messages):
                return None
            found |= {name: message["id"] for message in messages for name in _references(message, webhook_id)}
            if len(messages) < PAGE:
                return found
            after = max(int(message["id"]) for message in messages)
        return None

    async def _page(self, place: str, after: int) -> list[Mapping[str, Any]] | None:
        token = self._settings.bot_token
        assert token is not None
        url = f"{api_root(self._settings.api_base)}/channels/{place}/messages?limit={PAGE}&after={after}"
        headers = {**self._headers, "Authorization": f"Bot {token.reveal()}"}
        answer = await self._transport.request("GET", Secret(url), headers=headers, longest=PAGE_BYTES)
        return _messages(answer) if isinstance(answer, Answer) and answer.status == 200 else None  # noqa: PLR2004 - OK


def _messages(answer: Answer) -> list[Mapping[str, Any]] | None:
    try:
        messages = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    sound = isinstance(messages, list) and all(
        isinstance(message, dict) and str(message.get("id")).isdecimal() for message in messages
    )
    return messages if sound else None


def _references(message: Mapping[str, Any], webhook_id: str) -> Iterator[str]:
    """Only what the webhook itself has posted counts: anybody may write a footer."""
    if message.get("webhook_id") != webhook_id:
        return
    for embed in message.get("embeds") or ():
        if reference := reference_in(embed):
            yield reference


def _is_veiled(message: Mapping[str, Any], webhook_id: str) -> bool:
    """A bot without the Message Content intent is shown messages emptied of all they say."""
    return message.get("webhook_id") == webhook_id and not (message.get("embeds") or message.get("content"))


def _outcome(message: str | None) -> Outcome:
    if message is None:
        return Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "Discord was asked: it never arrived")
    return Sent(message, "Discord was asked: it is there")


def _snowflake(millis: int) -> int:
    """The lowest id that Discord can have given in that millisecond."""
    return max(0, millis - DISCORD_EPOCH_MS) << 22
