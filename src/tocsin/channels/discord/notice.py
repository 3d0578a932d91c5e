"""What operators are told, as a Discord message of its own: red while it lasts, green once it is over."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.markdown import caption, literal
from tocsin.channels.span import span
from tocsin.core.clock import epoch_micros
from tocsin.core.condition import Condition, Notice, Phase
from tocsin.core.record import rfc3339

AT_ONCE = 5  # notices in one message: with these lengths they stay below the 6,000 characters of its embeds

_HEADLINE, _DETAIL, _MEND = 200, 300, 600
_COLOURS: Mapping[Phase, int] = MappingProxyType({Phase.BEGAN: 0xED4245, Phase.OVER: 0x57F287})


def notices_of(notices: Sequence[Notice], thread_name: str | None) -> dict[str, Any]:
    """The body of Execute Webhook. It rings out to nobody: operators choose a channel that they watch."""
    body: dict[str, Any] = {
        "embeds": [_embed(notice) for notice in notices],
        "allowed_mentions": {"parse": []},
    }
    if thread_name:
        body["thread_name"] = caption(thread_name, limits.THREAD_NAME)
    return body


def _embed(notice: Notice) -> dict[str, Any]:
    condition = notice.condition
    embed = {
        "title": literal(notice.headline, _HEADLINE),
        "description": literal(condition.detail, _DETAIL) if condition.over_at is None else "",
        "color": _COLOURS[condition.phase],
        "fields": list(_fields(notice)),
        "footer": {"text": f"Tocsin · {condition.what}"},
        "timestamp": rfc3339(notice.at),
    }
    return {name: part for name, part in embed.items() if part}


def _fields(notice: Notice) -> Iterator[dict[str, Any]]:
    condition = notice.condition
    if notice.mend:
        yield {"name": "How to mend it", "value": literal(notice.mend, _MEND)}
    yield {"name": "Since" if condition.over_at is None else "Lasted", "value": _time(condition)}


def _time(condition: Condition) -> str:
    """Discord shows each reader how long ago it began."""
    if condition.over_at is None:
        return f"<t:{epoch_micros(condition.began_at) // 1_000_000}:R>"
    return span(condition.over_at - condition.began_at)
