"""What operators are told, byte for byte of JSON. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW
from tests.golden.discord_rules import faults
from tests.material import DISCORD_SPEC, needs

from tocsin.channels.abilities import NotifiesOperators
from tocsin.channels.discord import Discord, DiscordSettings
from tocsin.channels.discord import Webhook as DiscordWebhook
from tocsin.channels.transport import Transport
from tocsin.channels.webhook import Endpoint, Webhooks
from tocsin.core.clock import SystemClock
from tocsin.core.condition import Condition, Notice, What
from tocsin.core.delivery import Target
from tocsin.core.networks import networks
from tocsin.core.outcome import Sent
from tocsin.core.secret import Secret
from tocsin.rules.conditions import KINDS, notice

FOLDER = Path(__file__).parent / "notices"
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
HOSTILE = "@everyone <@&118> **x** [y](https://evil.example)\u202e\x00" + "z" * 5000
IFTTT = "/trigger/staff/with/key/abcdefgh"
IFTTT_JSON = "/trigger/staff/json/with/key/abcdefgh"


def began(what: What, about: str = "discord:general", detail: str = "10015 Unknown Webhook") -> Condition:
    return Condition(what=what, about=about, began_at=NOW, detail=detail)


def over(condition: Condition) -> Condition:
    return replace(condition, over_at=condition.began_at + timedelta(minutes=3, seconds=12))


DEAD = began(What.TARGET_DISABLED)
STANDARD: dict[str, Any] = {"secrets": (SECRET,)}

DISCORD: dict[str, tuple[Sequence[Condition], dict[str, Any]]] = {
    **{f"discord_{what}": ([began(what)], {}) for what in What},
    **{f"discord_{what}_over": ([over(began(what))], {}) for what in What if KINDS[what].over},
    "discord_hostile": ([began(What.MONITOR_LOST, HOSTILE, HOSTILE)], {}),
    "discord_without_detail": ([began(What.LANE_FAILING, detail="")], {}),
    "discord_five": ([began(What.TARGET_DISABLED, f"{number}{HOSTILE}", HOSTILE) for number in range(5)], {}),
    "discord_in_a_forum": ([DEAD], {"thread_name": "Staff"}),
}
WEBHOOK: dict[str, tuple[Condition, dict[str, Any]]] = {
    "webhook_standard": (DEAD, STANDARD),
    "webhook_standard_over": (over(DEAD), STANDARD),
    "webhook_standard_hostile": (began(What.CLOCK_WRONG, HOSTILE, HOSTILE), STANDARD),
    "webhook_plain": (DEAD, {"form": "plain"}),
    "webhook_plain_over": (over(DEAD), {"form": "plain"}),
    "webhook_ifttt": (DEAD, {"form": "ifttt", "path": IFTTT}),
    "webhook_ifttt_over": (over(DEAD), {"form": "ifttt", "path": IFTTT}),
    "webhook_ifttt_json": (DEAD, {"form": "ifttt", "path": IFTTT_JSON}),
}


@pytest.mark.parametrize("name", [*DISCORD, *WEBHOOK])
async def test_a_notice_is_as_its_golden_file(name: str):
    body = (await on_the_wire(name))[1]
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert body == json.loads(golden.read_text(encoding="utf-8"))


def test_there_is_no_golden_file_without_its_notice():
    assert {path.stem for path in FOLDER.glob("*.json")} == {*DISCORD, *WEBHOOK}


@pytest.mark.parametrize("name", DISCORD)
async def test_a_notice_to_discord_keeps_the_rules_and_mentions_nobody(name: str):
    body = (await on_the_wire(name))[1]
    assert faults({"components": [], **body}) == []
    assert body["allowed_mentions"] == {"parse": []}


@needs(DISCORD_SPEC)
async def test_every_notice_to_discord_is_valid_by_the_official_specification():
    spec = json.loads(DISCORD_SPEC.read_text())
    schema = {"components": spec["components"], "$ref": "#/components/schemas/IncomingWebhookRequestPartial"}
    validator = jsonschema.Draft202012Validator(schema)
    for name in DISCORD:
        validator.validate((await on_the_wire(name))[1])


async def test_a_notice_to_a_program_is_signed_and_has_the_same_id_in_every_repeat():
    headers, body = await on_the_wire("webhook_standard")
    again, _ = await on_the_wire("webhook_standard")
    ended, _ = await on_the_wire("webhook_standard_over")
    assert Verifier(SECRET.reveal()).verify(json.dumps(body, separators=(",", ":"), ensure_ascii=False), headers)
    assert headers["webhook-id"] == again["webhook-id"] != ended["webhook-id"]


async def on_the_wire(name: str) -> tuple[dict[str, str], Any]:
    if name in WEBHOOK:
        condition, how = WEBHOOK[name]
        return await sent("webhook", [notice(condition)], **how)
    conditions, how = DISCORD[name]
    return await sent("discord", [notice(condition) for condition in conditions], **how)


async def sent(channel: str, notices: Sequence[Notice], path: str = "/hook", **how: Any) -> tuple[dict[str, str], Any]:
    async with far_side(answers(200, b'{"id":"1"}')) as side, Transport() as transport:
        base = f"http://127.0.0.1:{side.port}"
        told: NotifiesOperators
        if channel == "discord":
            hook = DiscordWebhook(url=Secret(f"{base}/api/webhooks/1/t"), **how)
            told = Discord(DiscordSettings(webhooks={"staff": hook}, api_base=base), transport, SystemClock(), no_link)
        else:
            endpoint = Endpoint(url=Secret(base + path), vouched=networks(["127.0.0.1"]), **how)
            told = Webhooks({"staff": endpoint}, transport, SystemClock(), no_link)
        assert len(notices) <= told.notices_at_once
        report = await told.notify(Target(channel, "staff"), notices)
    (outcome,) = report.outcomes
    assert isinstance(outcome, Sent)
    head, _, body = side.requests[0].partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    return {spelled.lower(): line for spelled, line in lines.items()}, json.loads(body)


def no_link(*_: Any) -> None:
    return None
