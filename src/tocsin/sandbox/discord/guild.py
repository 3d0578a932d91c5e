"""What stands in the simulated Discord: channels with their threads, webhooks and messages. No HTTP here."""

import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256, sha512
from typing import Any, Literal

from tocsin.core.clock import Clock, epoch_micros
from tocsin.sandbox.discord.rules import component_texts, embed_texts

DISCORD_EPOCH_MS = 1_420_070_400_000
GUILD_ID = "1100000000000000001"
SHOWN = ("content", "embeds", "components", "flags", "tts")
ROLE = re.compile(r"<@&(\d+)>")
USER = re.compile(r"<@!?(\d+)>")
REFERENCE = re.compile(r"\bref (\S+)")
EVERYONE = re.compile(r"@(everyone|here)")


@dataclass(slots=True)
class DiscordChannel:
    id: str
    name: str
    kind: Literal["text", "forum"] = "text"
    threads: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Webhook:
    """`name` is what tests call it; `dead` means deleted: 404 from now on."""

    id: str
    token: str
    name: str
    channel: DiscordChannel
    dead: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": 1,
            "guild_id": GUILD_ID,
            "channel_id": self.channel.id,
            "name": self.name,
            "avatar": None,
            "token": self.token,
            "application_id": None,
        }


@dataclass(slots=True, kw_only=True)
class Message:
    """As it stands now, edits applied. `mentions` is who is really notified: an edit notifies nobody anew."""

    id: str
    webhook: Webhook
    channel_id: str
    at: datetime
    shown: dict[str, Any]
    username: str
    avatar_url: str | None
    mentions: "Mentions"
    edited_at: datetime | None = None

    @property
    def content(self) -> str:
        return self.shown.get("content") or ""

    @property
    def embeds(self) -> list[dict[str, Any]]:
        return self.shown.get("embeds") or []

    @property
    def text(self) -> str:
        """Every text a reader sees, a line each."""
        parts = [self.content, *(text for embed in self.embeds for text in embed_texts(embed))]
        return "\n".join(filter(None, [*parts, *component_texts(self.shown.get("components") or [])]))

    @property
    def references(self) -> tuple[str, ...]:
        """The deliveries it carries, by the references in the footers of its embeds."""
        footers = "\n".join((embed.get("footer") or {}).get("text") or "" for embed in self.embeds)
        return tuple(REFERENCE.findall(footers))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": 0,
            "channel_id": self.channel_id,
            "webhook_id": self.webhook.id,
            "author": {"id": self.webhook.id, "username": self.username, "avatar": self.avatar_url, "bot": True},
            "content": self.content,
            "embeds": [{"type": "rich", **embed} for embed in self.embeds],
            "components": self.shown.get("components") or [],
            "attachments": [],
            "flags": self.shown.get("flags") or 0,
            "tts": bool(self.shown.get("tts")),
            "pinned": False,
            "timestamp": self.at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "mention_everyone": self.mentions.everyone,
            "mention_roles": list(self.mentions.roles),
            "mentions": [{"id": user, "username": "somebody"} for user in self.mentions.users],
        }


@dataclass(frozen=True, slots=True)
class Mentions:
    everyone: bool = False
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    @classmethod
    def of(cls, shown: Mapping[str, Any], allowed: Mapping[str, Any] | None) -> "Mentions":
        """Who is notified. Absent allowances: a webhook's message parses users only; embeds never notify anybody."""
        text = "\n".join([shown.get("content") or "", *component_texts(shown.get("components") or [])])
        rules = {"parse": ["users"]} if allowed is None else allowed
        parse = rules.get("parse") or ()
        return cls(
            everyone="everyone" in parse and bool(EVERYONE.search(text)),
            roles=_named(ROLE, text, every="roles" in parse, listed=rules.get("roles") or ()),
            users=_named(USER, text, every="users" in parse, listed=rules.get("users") or ()),
        )


class Guild:
    """Ids and tokens follow from the names, so that a restarted sandbox keeps its addresses."""

    def __init__(self, clock: Clock) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.channels: dict[str, DiscordChannel] = {}
        self._messages: defaultdict[str, dict[str, Message]] = defaultdict(dict)
        self._clock = clock
        self._last_id = 0

    def channel(self, name: str, *, forum: bool = False) -> DiscordChannel:
        if name not in self.channels:
            self.channels[name] = DiscordChannel(_id_of(f"channel {name}"), name, "forum" if forum else "text")
        return self.channels[name]

    def webhook(self, name: str, channel: str | None = None, *, forum: bool = False) -> Webhook:
        """The webhook of this name, made on first use, in a channel of its own unless one is named."""
        if name not in self.webhooks:
            token = urlsafe_b64encode(sha512(f"token {name}".encode()).digest()).decode().rstrip("=")[:68]
            room = self.channel(channel or name, forum=forum)
            self.webhooks[name] = Webhook(_id_of(f"webhook {name}"), token, name, room)
        return self.webhooks[name]

    def thread(self, channel: DiscordChannel, name: str) -> str:
        """Open a thread; its id."""
        thread_id = self._next_id()
        channel.threads[thread_id] = name
        return thread_id

    def post(self, webhook: Webhook, body: Mapping[str, Any], channel_id: str, *, components: bool) -> Message:
        shown = {name: body.get(name) for name in SHOWN if name != "components" or components}
        message = Message(
            id=self._next_id(),
            webhook=webhook,
            channel_id=channel_id,
            at=self._clock.now(),
            shown=shown,
            username=body.get("username") or webhook.name,
            avatar_url=body.get("avatar_url"),
            mentions=Mentions.of(shown, body.get("allowed_mentions")),
        )
        self._messages[webhook.id][message.id] = message
        return message

    def edit(self, message: Message, body: Mapping[str, Any], *, components: bool) -> None:
        names = [name for name in SHOWN if name in body and (name != "components" or components)]
        message.shown |= {name: body[name] for name in names}
        message.mentions = Mentions.of(message.shown, body.get("allowed_mentions"))
        message.edited_at = self._clock.now()

    def find(self, webhook: Webhook, message_id: str) -> Message | None:
        return self._messages[webhook.id].get(message_id)

    def delete(self, message: Message) -> None:
        del self._messages[message.webhook.id][message.id]

    def by(self, webhook: Webhook) -> list[Message]:
        return list(self._messages[webhook.id].values())

    def within(self, channel_id: str) -> list[Message]:
        """Newest first."""
        found = [
            message for by in self._messages.values() for message in by.values() if message.channel_id == channel_id
        ]
        return sorted(found, key=lambda message: int(message.id), reverse=True)

    def has_channel(self, channel_id: str) -> bool:
        return any(channel_id == channel.id or channel_id in channel.threads for channel in self.channels.values())

    def _next_id(self) -> str:
        """A snowflake: its upper bits are the time (Discord documentation, "Snowflakes"); each above the last."""
        millis = epoch_micros(self._clock.now()) // 1000 - DISCORD_EPOCH_MS
        self._last_id = max(self._last_id + 1, millis << 22)
        return str(self._last_id)


def _id_of(name: str) -> str:
    return str(10**18 + int.from_bytes(sha256(name.encode()).digest()[:7]))


def _named(pattern: re.Pattern[str], text: str, *, every: bool, listed: Collection[str]) -> tuple[str, ...]:
    found = dict.fromkeys(pattern.findall(text))
    return tuple(name for name in found if every or name in listed)
