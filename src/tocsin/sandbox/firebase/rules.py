"""A request to send, checked as Firebase checks it, in its order: form, then one address, then size."""

from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.sandbox.firebase.fields import REQUEST, at
from tocsin.sandbox.firebase.refusal import wrong_message

MOST_BYTES = 4096
ADDRESSES = ("token", "fid", "topic", "condition")


def check(request: Any) -> Mapping[str, Any]:
    """The message. Raises RefusedError."""
    if not isinstance(request, dict):
        raise wrong_message("", "Invalid JSON payload received.")
    REQUEST(request, "")
    message: Mapping[str, Any] = request.get("message") or {}
    if not message:
        raise wrong_message("message", "The message is not set.")
    named = [name for name in ADDRESSES if message.get(name)]
    if len(named) != 1:
        raise wrong_message("message", "Recipient of the message is not set, or more than one is.")
    if at(message, "android_v2") and message.get("android"):
        raise wrong_message("message.android_v2", "android and android_v2 exclude each other.")
    if size_of(message) > MOST_BYTES:
        raise wrong_message("message", "Message is too big: the payload has at most 4096 bytes.")
    return message


def size_of(message: Mapping[str, Any]) -> int:
    """Bytes of a message without the address that it goes to."""
    return len(orjson.dumps({name: value for name, value in message.items() if name not in ADDRESSES}))
