"""What has to hold for every message that we give to Discord, whatever its alerts say."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\ufeff\ud800-\udfff]")
MENTION = re.compile(r"@(?:everyone|here)|(?<!\\)<[@#:/ti]")
DETECTED = re.compile(r"<t:-?\d+:R>")


def faults(body: Mapping[str, Any]) -> list[str]:
    """Empty for a message that Discord takes and that mentions nobody by accident."""
    return [*_lengths(body), *_addresses(body), *_words(body), *_mentions(body)]


def _lengths(body: Mapping[str, Any]) -> Iterator[str]:
    limits = {"title": 256, "description": 4096, "name": 256, "value": 1024, "text": 2048, "label": 80, "content": 2000}
    for name, text in _texts(body):
        if not 0 < _length(text) <= limits[name]:
            yield f"{name} has {_length(text)} units"
    total = sum(_length(text) for embed in body["embeds"] for _, text in _texts(embed))
    if total > 6000:
        yield f"the embeds have {total} units together"
    if not 1 <= len(body["embeds"]) <= 10:
        yield f"{len(body['embeds'])} embeds"
    if any(len(embed.get("fields", ())) > 25 for embed in body["embeds"]):
        yield "more than 25 fields"
    if any(not 1 <= len(row["components"]) <= 5 for row in body["components"]) or len(body["components"]) > 5:
        yield "the buttons do not fit into rows"


def _addresses(body: Mapping[str, Any]) -> Iterator[str]:
    embeds = [embed["url"] for embed in body["embeds"] if "url" in embed]
    if len(set(embeds)) != len(embeds):
        yield "two embeds with one address"
    pictures = [embed["thumbnail"]["url"] for embed in body["embeds"] if "thumbnail" in embed]
    buttons = [button["url"] for row in body["components"] for button in row["components"]]
    for address in [*embeds, *pictures, *buttons]:
        if urlsplit(address).scheme not in ("http", "https") or not address.isascii():
            yield f"{address!r} is no web address"
    if any(len(address) > 512 for address in buttons) or any(len(address) > 2048 for address in embeds + pictures):
        yield "an address is too long"


def _words(body: Mapping[str, Any]) -> Iterator[str]:
    for name, text in _texts(body):
        if HIDDEN.search(text):
            yield f"{name} hides something: {text!r}"
        if name in ("title", "description", "value", "content") and (len(text) - len(text.rstrip("\\"))) % 2:
            yield f"{name} ends within an escape: {text!r}"


def _mentions(body: Mapping[str, Any]) -> Iterator[str]:
    if "allowed_mentions" not in body:
        yield "who may be mentioned is left to Discord"
    for embed in body["embeds"]:
        for name, text in _texts(embed):
            if MENTION.search(DETECTED.sub("", text)):
                yield f"{name} mentions: {text!r}"


def _texts(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str) and name in ("title", "description", "name", "value", "text", "label", "content"):
                yield name, value
            elif name != "allowed_mentions":
                yield from _texts(value)


def _length(text: str) -> int:
    return len(text.strip().encode("utf-16-le")) // 2
