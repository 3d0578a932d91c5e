"""Discord on the page: its rooms, webhooks made and deleted."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.discord.api import Discord
from tocsin.sandbox.panel import Order


class DiscordPanel:
    name: ClassVar[str] = "discord"

    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    def shown(self, most: int) -> Mapping[str, Any]:
        return {"rooms": self._discord.drawn(most), "refused": dict(self._discord.limits.refused)}

    def orders(self) -> tuple[Order, ...]:
        return Order("POST", "/webhooks", self._make), Order("DELETE", "/webhooks/{name}", self._kill)

    async def _make(self, _: Mapping[str, str], order: Any) -> Mapping[str, Any]:
        """`{"name", "channel"?, "forum"?}`: a webhook, made on first use; its url."""
        match order:
            case {"name": str(name), **rest} if isinstance(channel := rest.get("channel"), str | None):
                url = self._discord.webhook(name, channel, forum=rest.get("forum") is True)
                return {"name": name, "url": url}
        raise InvalidRequestError("a webhook needs a name; its channel is a name too")

    async def _kill(self, words: Mapping[str, str], _: Any) -> None:
        """Somebody deletes this webhook."""
        self._discord.kill(words["name"])
