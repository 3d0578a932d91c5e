"""Discord, simulated: webhooks, the messages they post, and a bot's look into a channel.

Source: Discord documentation, "Webhook Resource", "Message Resource", "Opcodes and Status Codes"; which HTTP status
goes with which code is in part from experience of others.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import orjson

from tocsin.core.clock import Clock
from tocsin.sandbox.discord.guild import Guild, Message, Webhook
from tocsin.sandbox.discord.limits import VIA, DiscordLimits
from tocsin.sandbox.discord.refusal import CONTENT_TYPE, NOT_A_SWITCH, NOT_AN_OBJECT, RefusedError, error, form_error
from tocsin.sandbox.discord.rules import COMPONENTS_V2, check_message, is_empty
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.room import Room

API = r"/api(?:/v\d+)?"
WEBHOOK = re.compile(rf"{API}/webhooks/(?P<id>\d+)/(?P<token>[^/]+)(?:/messages/(?P<message>\d+))?/?")
CHANNEL = re.compile(rf"{API}/channels/(?P<id>\d+)/messages/?")
USER_AGENT = re.compile(r"DiscordBot \([^\s,]+, ?[^\s)]+\)")
TRUE, FALSE = ("True", "true", "1"), ("False", "false", "0", "")
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

    def webhook(self, name: str, channel: str | None = None, *, forum: bool = False) -> str:
        """The address of the webhook of this name, made on first use."""
        webhook = self.guild.webhook(name, channel, forum=forum)
        return f"{self._base()}/api/webhooks/{webhook.id}/{webhook.token}"

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
        try:
            verdict = self._answer(call)
        except RefusedError as refused:
            verdict = Verdict(accepted=False, answer=refused.answer)
        self.limits.note(call.address, verdict.answer)
        return verdict

    def _answer(self, call: Call) -> Verdict:
        if refusal := self.limits.at_the_door(call.address):
            raise RefusedError(refusal)
        if not USER_AGENT.match(call.headers.get("User-Agent", "")):
            raise RefusedError(error(403, 40333, "Cloudflare is blocking your request"))
        if match := CHANNEL.fullmatch(call.path):
            return self._list(call, match["id"])
        action = self.aim(call.method, call.path).action
        match = WEBHOOK.fullmatch(call.path)
        if match is None or action == "unknown":
            raise RefusedError(error(404, 0, "404: Not Found"))
        webhook = self._webhook(match["id"], match["token"])
        refusal, headers = self.limits.use(action, webhook.id, webhook.channel.id if action == "execute" else None)
        if refusal:
            raise RefusedError(refusal)
        return self._act(action, call, webhook, match["message"], headers)

    def _act(
        self, action: str, call: Call, webhook: Webhook, message_id: str | None, headers: Mapping[str, str]
    ) -> Verdict:
        match action:
            case "execute":
                return self._execute(call, webhook, headers)
            case "inspect":
                return Verdict(accepted=True, answer=Answer.json(200, webhook.as_json(), headers))
            case "delete_webhook":
                webhook.dead = True
                return Verdict(accepted=True, answer=Answer(204, headers))
        message = self.guild.find(webhook, message_id or "")
        if message is None:
            raise RefusedError(error(404, 10008, "Unknown Message", headers))
        return self._touch(action, call, message, headers)

    def _touch(self, action: str, call: Call, message: Message, headers: Mapping[str, str]) -> Verdict:
        if action == "delete":
            self.guild.delete(message)
            return Verdict(accepted=True, answer=Answer(204, headers), message=message.id)
        if action == "edit":
            self._edit(call, message, headers)
        return Verdict(accepted=True, answer=Answer.json(200, message.as_json(), headers), message=message.id)

    def _execute(self, call: Call, webhook: Webhook, headers: Mapping[str, str]) -> Verdict:
        components = _switch(call.query, "with_components")
        body = _checked(call, headers, components=components, editing=False)
        if is_empty(body, with_components=components):
            raise RefusedError(error(400, 50006, "Cannot send an empty message", headers))
        channel_id = self._place(call, webhook, body, headers)
        message = self.guild.post(webhook, body, channel_id, components=components)
        wait = _switch(call.query, "wait")
        answer = Answer.json(200, message.as_json(), headers) if wait else Answer(204, headers)
        return Verdict(accepted=True, answer=answer, references=message.references, message=message.id)

    def _place(self, call: Call, webhook: Webhook, body: Mapping[str, Any], headers: Mapping[str, str]) -> str:
        """The channel or thread a message goes to. A post in a forum needs a thread, or a name for a new one."""
        channel, thread_id, title = webhook.channel, call.query.get("thread_id"), body.get("thread_name")
        if thread_id and title:
            raise RefusedError(error(400, 220002, "Webhooks can not have both a thread_name and thread_id", headers))
        if channel.kind == "forum" and not (thread_id or title):
            message = "Webhooks posted to forum channels must have a thread_name or thread_id"
            raise RefusedError(error(400, 220001, message, headers))
        if channel.kind == "text" and title:
            raise RefusedError(error(400, 220003, "Webhooks can only create threads in forum channels", headers))
        if thread_id and thread_id not in channel.threads:
            raise RefusedError(error(404, 10003, "Unknown Channel", headers))
        return thread_id or (self.guild.thread(channel, title) if title else channel.id)

    def _edit(self, call: Call, message: Message, headers: Mapping[str, str]) -> None:
        """Mentions are made anew from the new text: an edit without allowances has the default ones."""
        components = _switch(call.query, "with_components")
        body = _checked(call, headers, components=components, editing=True)
        kept = (message.shown.get("flags") or 0) & COMPONENTS_V2
        if kept and "flags" in body and not (body["flags"] or 0) & COMPONENTS_V2:
            raise RefusedError(error(400, 50035, "Invalid Form Body", headers))
        if is_empty(message.shown | body, with_components=True):
            raise RefusedError(error(400, 50006, "Cannot send an empty message", headers))
        self.guild.edit(message, body, components=components)

    def _list(self, call: Call, channel_id: str) -> Verdict:
        """A bot's look at a channel: how a lost answer is asked after."""
        if call.headers.get("Authorization") != f"Bot {self.bot_token}":
            raise RefusedError(error(401, 0, "401: Unauthorized"))
        if not self.guild.has_channel(channel_id):
            raise RefusedError(error(404, 10003, "Unknown Channel"))
        refusal, headers = self.limits.use("list", channel_id)
        if refusal:
            raise RefusedError(refusal)
        after, before = _number(call.query, "after", 0), _number(call.query, "before", 2**63)
        shown = [message.as_json() for message in self.guild.within(channel_id) if after < int(message.id) < before]
        # A bot without the Message Content intent is shown messages emptied of all they say.
        found = shown if self.bot_sees_content else [{**message, **VEILED} for message in shown]
        limit = min(PAGE_LIMIT, max(1, _number(call.query, "limit", PAGE)))
        # With `after`, the page starts at the oldest of them; each page is newest first.
        page = found[-limit:] if "after" in call.query else found[:limit]
        return Verdict(accepted=True, answer=Answer.json(200, page, headers))

    def _webhook(self, webhook_id: str, token: str) -> Webhook:
        webhook = self._by_id(webhook_id)
        if webhook is None or webhook.dead:
            raise RefusedError(error(404, 10015, "Unknown Webhook"))
        if webhook.token != token:
            raise RefusedError(error(401, 50027, "Invalid Webhook Token"))
        return webhook

    def _by_id(self, webhook_id: str) -> Webhook | None:
        return next((webhook for webhook in self.guild.webhooks.values() if webhook.id == webhook_id), None)


def _checked(call: Call, headers: Mapping[str, str], *, components: bool, editing: bool) -> dict[str, Any]:
    """The body, once it is JSON and every rule holds."""
    if not call.headers.get("Content-Type", "").startswith("application/json"):
        raise RefusedError(form_error(CONTENT_TYPE, headers))
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        raise RefusedError(error(400, 50109, "The request body contains invalid JSON.", headers)) from None
    if not isinstance(body, dict):
        raise RefusedError(form_error(NOT_AN_OBJECT, headers))
    if problems := check_message(body, with_components=components, editing=editing):
        raise RefusedError(form_error(problems.tree(), headers))
    return body


def _switch(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "")
    if value not in (*TRUE, *FALSE):
        raise RefusedError(form_error({name: NOT_A_SWITCH}, VIA))
    return value in TRUE


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
