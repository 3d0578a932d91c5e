"""Discord's limits on a message (Discord documentation, Message and Webhook Resource), and how they are counted."""

from collections.abc import Mapping
from typing import Any

from tocsin.channels.text import utf16

EMBEDS = 10
EMBED_TEXT = 6000  # title, description, fields, footer and author of all embeds of a message together
TITLE = 256
DESCRIPTION = 4096
FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
ADDRESS = 2048
THREAD_NAME = 100
BUTTON_LABEL = 80
BUTTON_ADDRESS = 512
BUTTONS_IN_ROW = 5


def length(text: str) -> int:
    """White space at the ends is not counted. The unit is not documented; UTF-16 units are the most it can be."""
    return utf16(text.strip())


def embed_length(embed: Mapping[str, Any]) -> int:
    """What an embed takes of `EMBED_TEXT`."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for field in embed.get("fields", ()):
        texts += [field["name"], field["value"]]
    return sum(length(text) for text in texts if text)
