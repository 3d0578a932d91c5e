"""Several alerts as one Discord message: embeds, buttons, and whom it rings out to."""

from collections.abc import Iterator, Sequence
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.embed import embed_of, look_of
from tocsin.channels.discord.entry import Entry
from tocsin.channels.discord.markdown import caption, literal
from tocsin.channels.links import web_address
from tocsin.core.mention import Mention

SUPPRESS_NOTIFICATIONS = 4096  # a message flag: no sound, no push
_ACTION_ROW, _BUTTON, _LINK_STYLE = 1, 2, 5
_MOST_ROLES = 60
_NAME_IN_BUTTON = 40


def message_of(entries: Sequence[Entry], mention: Mention, *, silent: bool, thread_name: str | None) -> dict[str, Any]:
    """The body of Execute Webhook. `entries`: the most important first, at most as many as `fitting` says."""
    body: dict[str, Any] = _shown(entries)
    if mention.names:
        body["content"] = _call(entries[0], mention)
        body["allowed_mentions"] = _allowed(mention)
    if silent:
        body["flags"] = SUPPRESS_NOTIFICATIONS
    if thread_name:
        body["thread_name"] = caption(thread_name, limits.THREAD_NAME)
    return body


def standing(entries: Sequence[Entry]) -> dict[str, Any]:
    """What an edit changes. The line that rang out goes once nothing of the message can be bought any more."""
    over = all(entry.record.closed_at is not None for entry in entries)
    return {**({"content": ""} if over else {}), **_shown(entries)}


def fitting(entries: Sequence[Entry]) -> int:
    """How many, from the first on, go into one message: 10 embeds, 6,000 characters, no address twice (Discord shows
    only the first of two embeds with one `url`). At least 1.
    """
    room = limits.EMBED_TEXT
    addresses: set[str] = set()
    for count, entry in enumerate(entries[: limits.EMBEDS]):
        room -= limits.embed_length(embed_of(entry))
        address = entry.alert.url or ""
        if count and (room < 0 or address in addresses):
            return count
        addresses |= {address} - {""}
    return max(1, min(len(entries), limits.EMBEDS))


def _shown(entries: Sequence[Entry]) -> dict[str, Any]:
    """Without `allowed_mentions` Discord would fall back to its own rules."""
    buttons = list(_buttons(entries))
    rows = [buttons[start : start + limits.BUTTONS_IN_ROW] for start in range(0, len(buttons), limits.BUTTONS_IN_ROW)]
    return {
        "embeds": [embed_of(entry) for entry in entries],
        "components": [{"type": _ACTION_ROW, "components": row} for row in rows],
        "allowed_mentions": {"parse": []},
    }


def _call(entry: Entry, mention: Mention) -> str:
    """The line that phones show in their notification."""
    names = (["@everyone"] if mention.everyone else []) + [f"<@&{role}>" for role in _roles(mention)]
    call = f"{look_of(entry).call}: {literal(entry.product, 200)} at {literal(entry.retailer, 100)}"
    return f"{' '.join(names)} {call}"


def _allowed(mention: Mention) -> dict[str, list[str]]:
    """Exactly those: whatever else the text holds rings out to nobody."""
    allowed: dict[str, list[str]] = {"parse": ["everyone"] if mention.everyone else []}
    return allowed | ({"roles": _roles(mention)} if mention.roles else {})


def _roles(mention: Mention) -> list[str]:
    """Each once, and as many as there is room for in the text."""
    return list(dict.fromkeys(mention.roles))[:_MOST_ROLES]


def _buttons(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if entry.record.closed_at is None:
            yield from _buttons_of(entry, named=len(entries) > 1)


def _buttons_of(entry: Entry, *, named: bool) -> Iterator[dict[str, Any]]:
    """`named`: in a message with several alerts each button says which product it buys."""
    product = f": {caption(entry.product, _NAME_IN_BUTTON)}" if named else ""
    if address := web_address(entry.address, limits.BUTTON_ADDRESS):
        yield _button(f"{look_of(entry).door} at {caption(entry.retailer, 30)}{product}", address)
    if cart := web_address(entry.cart, limits.BUTTON_ADDRESS):
        yield _button(f"Add to cart{product}", cart)


def _button(label: str, address: str) -> dict[str, Any]:
    return {"type": _BUTTON, "style": _LINK_STYLE, "label": caption(label, limits.BUTTON_LABEL), "url": address}
