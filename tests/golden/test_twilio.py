"""What goes over the wire for a text, field for field. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW, a_record
from tests.channels.twilio.scenes import SERVICE, a_text, base, channel, seen, settings
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.transport import Transport
from tocsin.channels.twilio.template import compile_template
from tocsin.core.alert import AlertType
from tocsin.core.clock import ManualClock
from tocsin.core.record import AlertRecord

FOLDER = Path(__file__).parent / "twilio"
SIREN = dict.fromkeys(AlertType, compile_template("emoji"))
OWN = dict.fromkeys(AlertType, compile_template("{product} ({stock} left) {percent} {price} {link}"))
LONG = a_record(product_name="Geforce " * 50)

ALL: dict[str, tuple[AlertRecord, dict[str, Any]]] = {
    **{name: (record, {}) for name, record in TYPICAL.items() if name != "in_stock_sold_out"},
    **{f"siren_{name}": (TYPICAL[name], {"templates": SIREN}) for name in ("in_stock", "price_drop", "restock_soon")},
    "service": (TYPICAL["in_stock"], {"from_number": None, "messaging_service": SERVICE}),
    "service_with_a_sender": (TYPICAL["in_stock"], {"messaging_service": SERVICE}),
    "without_an_address_of_our_own": (TYPICAL["in_stock"], {"public_url": None}),
    "template": (TYPICAL["in_stock"], {"templates": OWN}),
    "test": (TEST, {}),
    "siren_test": (TEST, {"templates": SIREN}),
    "long": (LONG, {}),
    "siren_long": (LONG, {"templates": SIREN}),
    **{name: (AWKWARD[name], {}) for name in (
        "name_in_japanese", "name_of_emoji_families", "name_of_zalgo", "name_with_a_masked_link", "name_with_controls",
        "name_that_is_missing", "price_in_francs", "price_before_was_lower", "retailer_with_mentions",
    )},
    **{f"siren_{name}": (AWKWARD[name], {"templates": SIREN}) for name in ("name_in_arabic", "name_of_emoji_families")},
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
async def test_a_request_is_as_its_golden_file(name: str):
    record, changes = ALL[name]
    sent = await on_the_wire(record, **changes)
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(sent, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert sent == json.loads(golden.read_text(encoding="utf-8"))


def test_there_is_no_golden_file_without_its_request():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ALL)


async def on_the_wire(record: AlertRecord, **changes: Any) -> dict[str, Any]:
    async with far_side(answers()) as side, Transport() as transport:
        await channel(settings(api_base=base(side), **changes), transport, ManualClock(NOW)).send(a_text(record))
    asked = seen(side.requests[0])
    return {"method": asked["method"], "path": asked["path"], "form": dict(asked["form"])}
