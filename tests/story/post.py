"""A service that writes mails by the simulated mail server, and words for what people do with them."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from benchmarks.program import free_port
from tests.story.service_rig import ServiceRig

from tocsin.core.facts import DeliveryMoved
from tocsin.sandbox.twilio.account import SENDER

ADA, BOB = "ada@example.com", "bob@example.com"
ADAS_PHONE = "+14155550101"


async def posting(town: ServiceRig, *, lists: Mapping[str, Any] | None = None, **email: Any) -> None:
    """The service with a list `email:vip` of everybody with that tag, whose texts take over."""
    port, account = free_port(), town.sandbox.twilio.account
    address = f"http://127.0.0.1:{port}"
    town.sandbox.call_back(address)
    await town.open(
        server={"port": port, "public_url": address},
        alerts={
            "channels": {
                "email": {
                    "enabled": True,
                    "smtp_url": town.sandbox.smtp.url,
                    "from": "Restock Club <alerts@club.example>",
                    "postal_address": "1 Main St, Springfield",
                    "lists": lists or {"vip": {"tag": "vip"}},
                    **email,
                },
                "sms": {
                    "enabled": True,
                    "api_base": town.sandbox.url,
                    "twilio_sid": account.sid,
                    "twilio_auth": account.token,
                    "from_number": SENDER,
                    "lists": {"vip": {"tag": "vip"}},
                },
            }
        },
        retailers={"bestbuy": {"name": "Best Buy"}},
        routes=[{"name": "all", "match": {}, "to": ["email:vip"], "fallback": ["sms:vip"]}],
    )


async def sign_up(town: ServiceRig, *mailboxes: str, phone: str = "", zone: str = "") -> list[Any]:
    """By a file with evidence. Returns all contacts there are then."""
    rows = [f"{mailbox},{phone},vip,{zone},2026-10-01,form,Mail me about restocks." for mailbox in mailboxes]
    file = "\n".join(["email,phone,tags,zone,consent_at,consent_source,consent_text", *rows, ""])
    await town.upload("/api/v1/contacts/import", file)
    return list((await town.get("/api/v1/contacts"))["contacts"])


async def post(url: str, **fields: str) -> tuple[int, str]:
    """A form, as a mail program's button or a person's browser sends it."""
    async with aiohttp.ClientSession() as http, http.post(url, data=fields, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def look(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as answer:
        return answer.status, await answer.text()


def ends(town: ServiceRig, receipt: Any) -> list[tuple[str, str | None]]:
    """How each delivery of the alert stands, by its last move."""
    last = {
        fact.delivery.key: (fact.to.value, fact.why and fact.why.value)
        for fact in town.facts
        if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
    }
    return sorted(last.values(), key=str)
