"""Discord, simulated: webhooks, the messages they post, and a bot's look into a channel.

Source: Discord documentation, "Webhook Resource", "Message Resource", "Opcodes and Status Codes"; which HTTP status
goes with which code is in part from experience of others.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from tocsin.core.clock import Clock
from tocsin.sandbox.discord.guild import Guild, Message, Webhook
from tocsin.sandbox.discord.limits import DiscordLimits
from tocsin.sandbox.discord.refusal import RefusedError, error
from tocsin.sandbox.discord.room import Room
from tocsin.sandbox.discord.webhooks import answer_webhook
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.faults import VIA
from tocsin.sandbox.journal import Journal

API = r"/api(?:/v\d+)?"
WEBHOOK = re.compile(rf"{API}/webhooks/(?P<id>\d+)/(?P<token>[^/]+)(?:/messages/(?P<message>\d+))?/?")
CHANNEL = re.compile(rf"{API}/channels/(?P<id>\d+)/messages/?")
USER_AGENT = re.compile(r"DiscordBot \([^\s,]+, ?[^\s)]+\)")
PAGE, PAGE_LIMIT = 50, 100
VEILED: Mapping[str, Any] = {"content": "", "embeds": [], "components": []}
ACTIONS: Mapping[tuple[str, bool], str] = {
    ("POST", False): "execute",
    ("GET", False): "inspect",
    ("DELETE", False): "delete_webhook",
    ("PATCH", True): "edit",
    ("DELETE", True): "delete",
    ("GET", True): "fetch",
}


class Discord:
    name: ClassVar[str] = "discord"
    prefix: ClassVar[str] = "/api/"

    def __init__(self, clock: Clock, journal: Journal, *, limits: bool, base: Callable[[], str]) -> None:
        self.guild = Guild(clock)
        self.limits = DiscordLimits(clock, enabled=limits)
        self.bot_token = "sandbox-bot-token"  # noqa: S105 - it opens nothing but this simulation
        self.bot_sees_content = True
        self._journal = journal
        self._base = base

    # What tests and demos ask for.

    @property
    def api_base(self) -> str:
        """What a configuration calls it."""
        return self._base()

    def webhook(self, name: str, channel: str | None = None, *, forum: bool = False) -> str:
        """The address of the webhook of this name, made on first use."""
        webhook = self.guild.webhook(name, channel, forum=forum)
        return f"{self._base()}/api/webhooks/{webhook.id}/{webhook.token}"

    def block(self, *names: str) -> Mapping[str, Any]:
        """Webhooks of these names, as a configuration has them."""
        return {"enabled": True, "api_base": self.api_base, "webhooks": {name: self.webhook(name) for name in names}}

    def thread(self, name: str, title: str) -> str:
        """Open a thread in the channel of this webhook; its id."""
        return self.guild.thread(self.guild.webhook(name).channel, title)

    def room(self, name: str) -> Room:
        return Room(self.guild, self.guild.webhook(name), self._journal)

    def messages(self, name: str) -> list[Message]:
        return self.room(name).messages

    def kill(self, name: str) -> None:
        """Somebody deletes the webhook."""
        self.guild.webhook(name).dead = True

    def drawn(self, limit: int) -> list[dict[str, Any]]:
        """Every webhook with its newest messages, for the page."""
        return [
            {
                "name": webhook.name,
                "channel": webhook.channel.name,
                "dead": webhook.dead,
                "threads": webhook.channel.threads,
                "messages": [message.as_json() for message in self.guild.by(webhook)[-limit:]],
            }
            for webhook in self.guild.webhooks.values()
        ]

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        if CHANNEL.fullmatch(path):
            return Aim("list", "")
        if (match := WEBHOOK.fullmatch(path)) is None:
            return Aim("unknown", "")
        webhook = self._by_id(match["id"])
        return Aim(ACTIONS.get((method, match["message"] is not None), "unknown"), webhook.name if webhook else "")

    def take(self, call: Call) -> Verdict:
        if page := self.limits.banned(call.address):
            return Verdict(accepted=False, answer=page)
        headers = VIA
        try:
            action, place = self._admit(call)
            headers = self._count(action, place)
            verdict = self._act(action, place, call)
        except RefusedError as refused:
            verdict = Verdict(accepted=False, answer=refused.answer)
        answer = verdict.answer.beneath(headers)
        self.limits.note(call.address, answer)
        return replace(verdict, answer=answer)

    def _admit(self, call: Call) -> tuple[str, Webhook | str]:
        """What is asked, and of which webhook or, by a bot, of which channel."""
        if refusal := self.limits.too_fast(call.address):
            raise RefusedError(refusal)
        if not USER_AGENT.match(call.headers.get("User-Agent", "")):
            raise RefusedError(error(403, 40333, "Cloudflare is blocking your request"))
        if match := CHANNEL.fullmatch(call.path):
            return "list", self._channel(match["id"], call.headers.get("Authorization"))
        action = self.aim(call.method, call.path).action
        match = WEBHOOK.fullmatch(call.path)
        if match is None or action == "unknown":
            raise RefusedError(error(404, 0, "404: Not Found"))
        return action, self._webhook(match["id"], match["token"])

    def _count(self, action: str, place: Webhook | str) -> Mapping[str, str]:
        """The headers of the bucket that this uses. Only new messages count towards the hidden limit of a channel."""
        resource, channel = (place, None) if isinstance(place, str) else (place.id, place.channel.id)
        refusal, headers = self.limits.use(action, resource, channel if action == "execute" else None)
        if refusal:
            raise RefusedError(refusal)
        return headers

    def _act(self, action: str, place: Webhook | str, call: Call) -> Verdict:
        if isinstance(place, str):
            return self._list(call, place)
        match = WEBHOOK.fullmatch(call.path)
        return answer_webhook(self.guild, place, action, call, (match and match["message"]) or "")

    def _list(self, call: Call, channel_id: str) -> Verdict:
        """A bot's look at a channel: how a lost answer is asked after."""
        after, before = _number(call.query, "after", 0), _number(call.query, "before", 2**63)
        shown = [message.as_json() for message in self.guild.within(channel_id) if after < int(message.id) < before]
        # A bot without the Message Content intent is shown messages emptied of all they say.
        found = shown if self.bot_sees_content else [{**message, **VEILED} for message in shown]
        limit = min(PAGE_LIMIT, max(1, _number(call.query, "limit", PAGE)))
        # With `after`, the page starts at the oldest of them; each page is newest first.
        page = found[-limit:] if "after" in call.query else found[:limit]
        return Verdict(accepted=True, answer=Answer.json(200, page))

    def _channel(self, channel_id: str, authorization: str | None) -> str:
        if authorization != f"Bot {self.bot_token}":
            raise RefusedError(error(401, 0, "401: Unauthorized"))
        if not self.guild.has_channel(channel_id):
            raise RefusedError(error(404, 10003, "Unknown Channel"))
        return channel_id

    def _webhook(self, webhook_id: str, token: str) -> Webhook:
        webhook = self._by_id(webhook_id)
        if webhook is None or webhook.dead:
            raise RefusedError(error(404, 10015, "Unknown Webhook"))
        if webhook.token != token:
            raise RefusedError(error(401, 50027, "Invalid Webhook Token"))
        return webhook

    def _by_id(self, webhook_id: str) -> Webhook | None:
        return next((webhook for webhook in self.guild.webhooks.values() if webhook.id == webhook_id), None)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
