"""What one may do with a webhook: inspect it, post, and fetch, edit or delete what it posted.

Source: Discord documentation, "Webhook Resource".
"""

from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.sandbox.discord.guild import Guild, Message, Webhook
from tocsin.sandbox.discord.refusal import CONTENT_TYPE, NOT_A_SWITCH, NOT_AN_OBJECT, RefusedError, error, form_error
from tocsin.sandbox.discord.rules import COMPONENTS_V2, check_message, is_empty
from tocsin.sandbox.exchange import Answer, Call, Verdict

EMPTY = error(400, 50006, "Cannot send an empty message")
FLAG_STAYS = {"_errors": [{"code": "FLAGS_NOT_ALLOWED", "message": "IS_COMPONENTS_V2 cannot be removed."}]}
TRUE, FALSE = ("True", "true", "1"), ("False", "false", "0", "")


def answer_webhook(guild: Guild, webhook: Webhook, action: str, call: Call, message_id: str) -> Verdict:
    """`action` is one of those that `Discord.aim` tells. Raises RefusedError."""
    match action:
        case "execute":
            return _execute(guild, webhook, call)
        case "inspect":
            return Verdict(accepted=True, answer=Answer.json(200, webhook.as_json()))
        case "delete_webhook":
            webhook.dead = True
            return Verdict(accepted=True, answer=Answer(204))
    message = guild.find(webhook, message_id)
    if message is None:
        raise RefusedError(error(404, 10008, "Unknown Message"))
    return _touch(guild, message, action, call)


def _execute(guild: Guild, webhook: Webhook, call: Call) -> Verdict:
    wait, components = _switch(call.query, "wait"), _switch(call.query, "with_components")
    body = _checked(call, components=components, editing=False)
    if is_empty(body, with_components=components):
        raise RefusedError(EMPTY)
    channel_id = _place(guild, webhook, call.query.get("thread_id"), body.get("thread_name"))
    message = guild.post(webhook, body, channel_id, components=components)
    answer = Answer.json(200, message.as_json()) if wait else Answer(204)
    return Verdict(accepted=True, answer=answer, references=message.references, message=message.id)


def _place(guild: Guild, webhook: Webhook, thread_id: str | None, title: str | None) -> str:
    """The channel or thread a message goes to. A post in a forum needs a thread, or a name for a new one."""
    channel = webhook.channel
    if thread_id and title:
        raise RefusedError(error(400, 220002, "Webhooks can not have both a thread_name and thread_id"))
    if channel.kind == "forum" and not (thread_id or title):
        message = "Webhooks posted to forum channels must have a thread_name or thread_id"
        raise RefusedError(error(400, 220001, message))
    if channel.kind == "text" and title:
        raise RefusedError(error(400, 220003, "Webhooks can only create threads in forum channels"))
    if thread_id and thread_id not in channel.threads:
        raise RefusedError(error(404, 10003, "Unknown Channel"))
    return thread_id or (guild.thread(channel, title) if title else channel.id)


def _touch(guild: Guild, message: Message, action: str, call: Call) -> Verdict:
    if action == "delete":
        guild.delete(message)
        return Verdict(accepted=True, answer=Answer(204), message=message.id)
    before = message.references
    if action == "edit":
        _edit(guild, message, call)
    joined = tuple(name for name in message.references if name not in before)
    return Verdict(accepted=True, answer=Answer.json(200, message.as_json()), references=joined, message=message.id)


def _edit(guild: Guild, message: Message, call: Call) -> None:
    """Mentions are made anew from the new text: an edit without allowances has the default ones."""
    components = _switch(call.query, "with_components")
    body = _checked(call, components=components, editing=True)
    kept = (message.shown.get("flags") or 0) & COMPONENTS_V2
    if kept and "flags" in body and not (body["flags"] or 0) & COMPONENTS_V2:
        raise RefusedError(form_error({"flags": FLAG_STAYS}))
    if is_empty(message.shown | body, with_components=True):
        raise RefusedError(EMPTY)
    guild.edit(message, body, components=components)


def _checked(call: Call, *, components: bool, editing: bool) -> dict[str, Any]:
    """The body, once it is JSON and every rule holds."""
    if not call.headers.get("Content-Type", "").startswith("application/json"):
        raise RefusedError(form_error(CONTENT_TYPE))
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        raise RefusedError(error(400, 50109, "The request body contains invalid JSON.")) from None
    if not isinstance(body, dict):
        raise RefusedError(form_error(NOT_AN_OBJECT))
    if problems := check_message(body, with_components=components, editing=editing):
        raise RefusedError(form_error(problems.tree()))
    return body


def _switch(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "")
    if value not in (*TRUE, *FALSE):
        raise RefusedError(form_error({name: NOT_A_SWITCH}))
    return value in TRUE
