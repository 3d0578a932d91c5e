"""A service that writes mails by the simulated SendGrid, and words for what people find in their mailboxes."""

from typing import Any

from benchmarks.program import free_port
from tests.story.service_rig import ServiceRig

from tocsin.core.facts import DeliveryMoved

ADA, BOB = "ada@example.com", "bob@example.com"


async def mailing(town: ServiceRig, *, routes: list[dict[str, Any]] | None = None, **changes: Any) -> None:
    """The service with one list, `email:vip`, of everybody with that tag, that gets everything."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    block = {
        "enabled": True,
        "api_base": town.sandbox.url,
        **town.sandbox.sendgrid.account.block(),
        "postal_address": "1 Main St, Springfield",
        "lists": {"vip": {"tag": "vip"}},
        **changes.pop("email", {}),
    }
    discord = {name: town.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
    channels = {
        "discord": {"enabled": True, "api_base": town.sandbox.url, "webhooks": discord},
        "email": block,
        **changes.pop("channels", {}),
    }
    town.sandbox.call_back(address)
    await town.open(
        server={"port": port, "public_url": address},
        alerts={"channels": channels},
        retailers={"bestbuy": {"name": "Best Buy"}},
        routes=routes or [{"name": "all", "match": {}, "to": ["email:vip"]}],
        **changes,
    )


async def sign_up(town: ServiceRig, *mailboxes: str, phone: str = "") -> None:
    """By a file with evidence: they have asked for mails."""
    rows = [f"{mailbox},{phone},vip,2026-11-01,form,Mail me about restocks." for mailbox in mailboxes]
    file = "\n".join(["email,phone,tags,consent_at,consent_source,consent_text", *rows, ""])
    told = await town.upload("/api/v1/contacts/import", file)
    assert told["created"] == len(mailboxes), told


def counted(town: ServiceRig, receipt: Any) -> dict[str, int]:
    """How many deliveries of the alert stand in each state, by the last move of each."""
    last = {
        fact.delivery.key: fact.to.value
        for fact in town.facts
        if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
    }
    return {state: list(last.values()).count(state) for state in set(last.values())}


async def suppressed(town: ServiceRig) -> list[tuple[str, str]]:
    told = (await town.get("/api/v1/suppressions"))["suppressions"]
    return [(one["shown"], one["why"]) for one in told]
