"""What goes over the wire to Discord, byte for byte of JSON. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.channels.far_side import FarSide, answers, far_side
from tests.channels.scenes import GENERAL, NOW, a_record, an_attempt
from tests.golden.alerts import AWKWARD, CART, PICTURE, TEST, TYPICAL
from tests.golden.discord_rules import faults
from tests.material import DISCORD_SPEC, needs

from tocsin.channels.abilities import Message
from tocsin.channels.discord import Discord, DiscordSettings, Face, Webhook
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock
from tocsin.core.mention import Mention
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

FOLDER = Path(__file__).parent / "discord"
FACES = {"bestbuy": Face("Best Buy", "https://img.example/bestbuy.png")}
ROLE = "1180000000000000002"

NEWEGG = {"retailer": "newegg", "url": "https://www.newegg.example/p/14-932-101"}
SPECIAL: dict[str, tuple[Sequence[AlertRecord], dict[str, Any]]] = {
    "mention_everyone": ([TYPICAL["in_stock"]], {"mention": Mention(everyone=True)}),
    "mention_a_role": ([TYPICAL["price_drop"]], {"mention": Mention(roles=(ROLE,))}),
    "mention_both_of_a_hostile_name": (
        [a_record(product_name="@here <@&1180000000000000009> *x*")],
        {"mention": Mention(everyone=True, roles=(ROLE,))},
    ),
    "a_test": ([TEST], {}),
    "silent": ([TYPICAL["back_order"]], {"silent": True}),
    "ten_together": (
        [
            a_record(n, product_name=f"Product {n}", metadata={"image_url": PICTURE, "cart_url": CART})
            for n in range(10)
        ],
        {},
    ),
    "two_currencies_together": (
        [
            a_record(1, metadata={"previous_price": "2199.99"}),
            a_record(2, currency="EUR", metadata={"previous_price": "2199.99"}, **NEWEGG),
        ],
        {},
    ),
    "one_of_two_sold_out": ([a_record(1, closed_after=61), a_record(2, product_name="GeForce RTX 5080")], {}),
}
EDITS: dict[str, Sequence[AlertRecord]] = {
    "edit_of_a_second_retailer": [a_record(1), a_record(2, **NEWEGG)],
    "edit_of_the_first_of_two_retailers_sold_out": [a_record(1, closed_after=61), a_record(2, **NEWEGG)],
    "edit_of_all_sold_out": [a_record(1, closed_after=61), a_record(2, closed_after=3700, **NEWEGG)],
}
ALL = {name: ([record], {}) for name, record in (TYPICAL | AWKWARD).items()} | SPECIAL


@pytest.mark.parametrize("name", ALL)
async def test_a_message_is_as_its_golden_file(name: str):
    records, noise = ALL[name]
    body = await on_the_wire(records, **noise)
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert body == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ALL)
async def test_a_message_keeps_the_rules(name: str):
    records, noise = ALL[name]
    assert faults(await on_the_wire(records, **noise)) == []


@needs(DISCORD_SPEC)
async def test_every_message_is_valid_by_the_official_specification():
    spec = json.loads(DISCORD_SPEC.read_text())
    schema = {"components": spec["components"], "$ref": "#/components/schemas/IncomingWebhookRequestPartial"}
    validator = jsonschema.Draft202012Validator(schema)
    for records, noise in ALL.values():
        validator.validate(await on_the_wire(records, **noise))


@pytest.mark.parametrize("name", EDITS)
async def test_an_edit_is_as_its_golden_file(name: str):
    body = await edited_on_the_wire(EDITS[name])
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert body == json.loads(golden.read_text(encoding="utf-8"))


@needs(DISCORD_SPEC)
async def test_every_edit_is_valid_by_the_official_specification():
    spec = json.loads(DISCORD_SPEC.read_text())
    path = spec["paths"]["/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"]
    schema = path["patch"]["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({"components": spec["components"]} | schema)
    for records in (*EDITS.values(), ALL["in_stock_sold_out"][0], ALL["one_of_two_sold_out"][0]):
        validator.validate(await edited_on_the_wire(records))


async def test_where_one_of_two_retailers_is_sold_out_nothing_else_of_the_message_changes():
    both, first_out = [await edited_on_the_wire(EDITS[name]) for name in list(EDITS)[:2]]
    assert both["embeds"][1] == first_out["embeds"][1]
    assert both["embeds"][0]["title"] != first_out["embeds"][0]["title"]
    shops = [[button["label"] for button in body["components"][0]["components"]] for body in (both, first_out)]
    assert [shop for shop in shops[0] if "newegg" in shop] == shops[1]


def test_there_is_no_golden_file_without_its_message():
    assert {path.stem for path in FOLDER.glob("*.json")} == {*ALL, *EDITS}


async def edited_on_the_wire(records: Sequence[AlertRecord]) -> Any:
    async with discord_itself() as (side, discord):
        members = an_attempt(records, GENERAL).members
        await discord.edit(Message(target=GENERAL, reference="1", members=members))
    return json.loads(side.requests[0].partition(b"\r\n\r\n")[2])


async def on_the_wire(records: Sequence[AlertRecord], **noise: Any) -> Any:
    async with discord_itself() as (side, discord):
        await discord.send(an_attempt(records, GENERAL, **noise))
    return json.loads(side.requests[0].partition(b"\r\n\r\n")[2])


@asynccontextmanager
async def discord_itself() -> AsyncIterator[tuple[FarSide, Discord]]:
    """The channel, with somebody behind it who says yes to everything."""
    async with far_side(answers(200, b'{"id":"1"}')) as side, Transport() as transport:
        settings = DiscordSettings(
            webhooks={"general": Webhook(url=Secret(f"http://127.0.0.1:{side.port}/api/webhooks/1/t"))},
            api_base=f"http://127.0.0.1:{side.port}",
            faces=FACES,
        )
        yield side, Discord(settings, transport, ManualClock(NOW), lambda *_: None)
