"""What is configured where the service is killed: every channel that the sandbox simulates, and whom it is to tell."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.crash.audit import TOLD_FROM
from benchmarks.crash.load import EXCLUDED
from tocsin.core.networks import networks
from tocsin.ledger.contract.ledger import Ledger
from tocsin.ledger.contract.people import AddressDraft, ContactDraft
from tocsin.pipeline.people.browser import browser_of
from tocsin.pipeline.people.device import device_of
from tocsin.rules.consent import standing_after
from tocsin.sandbox import Fault, Sandbox

CREW = tuple(f"+1415555{number:04d}" for number in range(101, 141))  # of whom two get a text, in turn
BROWSERS, PHONE = ("ada", "bob"), "Pixel 9"
DESK = ("ada@example.com", "bob@example.com")  # nobody who carries mail can be asked
ANSWER_S = 0.03  # how long the providers take for every other request, so that something is in flight


def every_channel(
    sandbox: Sandbox,
    folder: Path,
    *,
    asked: bool,
    mails: bool,
    carrier: str = "smtp",
    hooks: Sequence[str] = ("partner",),
) -> Mapping[str, Any]:
    """Blocks of a configuration. `asked`: Discord can be asked after lost messages, by a bot. `mails`: the desk is told
    by mail as well, by this `carrier`. `hooks`: the webhooks that hear of everything.
    """
    discord = {
        "enabled": True,
        "api_base": sandbox.url,
        "pacing": "none",
        "join": "1h",
        "webhooks": {"general": sandbox.discord.webhook("general")},
        **({"bot_token": sandbox.discord.bot_token} if asked else {}),
    }
    account = sandbox.account()
    sms = {
        "api_base": sandbox.url,
        "pacing": "none",
        "lists": {"crew": {"to": CREW, "max_recipients": 2}},
        **{key: account[key] for key in ("twilio_sid", "twilio_auth", "from_number")},
    }
    carriers: Mapping[str, Mapping[str, Any]] = {
        "smtp": {"from": "alerts@club.example", **sandbox.smtp.block()},
        "sendgrid": {"api_base": sandbox.url, "pacing": "none", **sandbox.sendgrid.account.block()},
    }
    mail = {"lists": {"desk": {"to": DESK}}, **carriers[carrier]}
    push = {
        **sandbox.firebase.block(folder),
        "web": {"contact": "mailto:ops@example.org", "allow_networks": ["127.0.0.0/8"]},
    }
    partners = {
        name: {
            "url": sandbox.webhook.url(name),
            "secret": sandbox.webhook.hook(name).secrets[0],
            "allow_networks": ["127.0.0.0/8"],
        }
        for name in hooks
    }
    people = ["sms:crew", "push:everyone", *(["email:desk"] if mails else [])]
    return {
        "alerts": {
            "channels": {
                "discord": discord,
                "sms": sms,
                "email": mail,
                "push": push,
                "webhook": {"enabled": True, "endpoints": partners},
            },
            "filters": {"excluded_retailers": [EXCLUDED]},
        },
        "products": {"sought": {"skus": ["K*3", "K*7"]}},
        "routes": [
            {"name": "all", "match": {}, "to": ["discord:general", *(f"webhook:{name}" for name in hooks)]},
            {"name": "people", "match": {"min_priority": TOLD_FROM}, "to": people},
        ],
    }


async def subscribe(ledger: Ledger, sandbox: Sandbox) -> None:
    """Two browsers and a phone of the sandbox are told by push."""
    people = ledger.people
    for name in BROWSERS:
        value = browser_of(sandbox.browser.browser(name).subscription, vouched=networks(["127.0.0.0/8"]))
        owner = await people.create(ContactDraft(name=name), "crash", standing_after)
        await people.add(owner.id, AddressDraft(value=value), "crash", standing_after)
    owner = await people.create(ContactDraft(name=PHONE), "crash", standing_after)
    app = device_of("fid", sandbox.firebase.phone(PHONE, by="fid").address, "android")
    await people.put_device(
        owner.id, AddressDraft(value=app, device="app", platform="android"), "crash", standing_after
    )


def dawdle(sandbox: Sandbox, seconds: float = ANSWER_S) -> None:
    """Let every other request for something new take so long."""
    for channel, action in _NEWS:
        sandbox.faults.next(channel, Fault.slow(seconds), times=None, probability=0.5, action=action)


_NEWS = (
    ("discord", "execute"),
    ("discord", "edit"),
    ("webhook", "deliver"),
    ("twilio", "create"),
    ("browser", "push"),
    ("firebase", "send"),
    ("smtp", "mail_text"),
    ("sendgrid", "send"),
)
