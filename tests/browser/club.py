"""A club whose members are told by text: its configuration, and the file that it brings them in with."""

from typing import Any

from playwright.async_api import Locator
from tests.browser.visitor import Visitor
from tests.story.service_rig import TOKEN, ServiceRig

FIRST, LAST = "Ada Lovelace", "Grace Hopper"
LEAVER = "+12025550103"
HEAD = "name,phone,email,tags,zone,consent_at,consent_source,consent_text"
SAID = "2026-11-01T10:00:00Z,form,Text me about restocks. STOP ends it."
MEMBERS = f"""{HEAD}
{LAST},+12025550101,grace@example.com,vip;nyc,America/New_York,{SAID}
Alan Turing,+12025550102,,vip,Europe/London,{SAID}
Edsger Dijkstra,{LEAVER},,vip,Europe/Amsterdam,{SAID}
Katherine Johnson,+12025550104,kj@example.com,,,{SAID}
Barbara Liskov,,barbara@example.com,,,,,
{FIRST},+12025550106,ada@example.com,founder,Europe/London,{SAID}
"""
BROKEN = f"""{HEAD}
Hedy Lamarr,+12025550107,,vip,,{SAID}
Nobody,1.23E+10,,,,{SAID}
,,,,,,,
Somebody,+12025550108,not a mailbox,,Mars/Olympus,{SAID}
"""
BOSS = {"story": {"secret": TOKEN, "scopes": ["admin"]}}
READER, MODERATOR = "a-token-for-reading-0123456789", "a-token-for-moderating-0123456789"
ROUTE = {"name": "club", "match": {"min_priority": 9}, "to": ["sms:vip"]}


def told_by_text(town: ServiceRig) -> dict[str, Any]:
    """The channel, with a sender that is quick."""
    account = town.sandbox.twilio.account
    sender = account.own("+447700900123").number
    return {
        "enabled": True,
        "api_base": town.sandbox.url,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "verify_service": account.verify_service,
        "from_number": sender,
        "lists": {"vip": {"tag": "vip"}, "founders": {"tag": "founder", "max_recipients": 2}},
    }


def tokens() -> dict[str, Any]:
    reader = {"secret": READER, "scopes": ["read"]}
    return {**BOSS, "reader": reader, "moderator": {"secret": MODERATOR, "scopes": ["read", "contacts"]}}


def leaves(town: ServiceRig, number: str) -> None:
    """The provider holds a block of that phone, and we do not know."""
    account = town.sandbox.twilio.account
    account.opted_out |= {(number, sender) for sender in account.senders}


async def join(town: ServiceRig, members: str = MEMBERS) -> dict[str, Any]:
    """Everybody comes in by one file."""
    return dict(await town.upload("/api/v1/contacts/import", members))


def member(visitor: Visitor, name: str) -> Locator:
    """The row of somebody in the people's room."""
    return visitor.page.locator("[data-person]").filter(has_text=name)
