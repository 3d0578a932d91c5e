"""What goes over the wire to programs, byte for byte of JSON. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW, a_record, an_attempt
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.transport import Transport
from tocsin.channels.webhook import Endpoint, Webhooks
from tocsin.core.alert import AlertType
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.networks import networks
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

FOLDER = Path(__file__).parent / "webhook"
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
NEXT = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0123456789AB")
IFTTT = "/trigger/restock/with/key/abcdefgh"
IFTTT_JSON = "/trigger/restock/json/with/key/abcdefgh"

RICH = a_record(
    variant="Founders Edition", metadata={"stock": 4, "test": False, "previous": {"price": 1}, "tags": ["a"]}
)
HOSTILE = AWKWARD["name_with_markdown"]
KINDS = {kind.value: a_record(type=kind) for kind in AlertType}

ALL: dict[str, tuple[AlertRecord, dict[str, Any]]] = {
    **{f"standard_{name}": (record, {"secrets": (SECRET,)}) for name, record in (KINDS | TYPICAL).items()},
    "standard_rich": (RICH, {"secrets": (SECRET,)}),
    "standard_rotating": (KINDS["in_stock"], {"secrets": (NEXT, SECRET)}),
    "standard_unsigned": (KINDS["in_stock"], {}),
    "standard_hostile": (HOSTILE, {"secrets": (SECRET,)}),
    "standard_without_price_name_and_address": (
        a_record(product_name=None, price=None, url=None, type=AlertType.RESTOCK_SOON), {"secrets": (SECRET,)},
    ),
    "standard_test": (TEST, {"secrets": (SECRET,)}),
    "plain_test": (TEST, {"form": "plain"}),
    "ifttt_test": (TEST, {"form": "ifttt", "path": IFTTT}),
    "standard_too_large": (a_record(metadata={"notes": "n" * 20_000}), {"secrets": (SECRET,)}),
    "plain": (RICH, {"form": "plain"}),
    "plain_hostile": (HOSTILE, {"form": "plain"}),
    "plain_of_metadata_that_takes_names": (a_record(metadata={"sku": "other", "_x": 1}), {"form": "plain"}),
    **{f"ifttt_{name}": (record, {"form": "ifttt", "path": IFTTT}) for name, record in KINDS.items()},
    "ifttt_in_yen": (AWKWARD["name_in_japanese"], {"form": "ifttt", "path": IFTTT}),
    "ifttt_without_price_and_address": (a_record(price=None, url=None), {"form": "ifttt", "path": IFTTT}),
    "ifttt_json": (RICH, {"form": "ifttt", "path": IFTTT_JSON}),
}  # fmt: skip
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")


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


async def on_the_wire(record: AlertRecord, *, path: str = "/hook", **changes: Any) -> dict[str, Any]:
    async with far_side(answers()) as side, Transport() as transport:
        url = Secret(f"http://127.0.0.1:{side.port}{path}")
        endpoint = Endpoint(url=url, vouched=networks(["127.0.0.1"]), **changes)
        channel = Webhooks({"partner": endpoint}, transport, ManualClock(NOW), lambda _, record: record.alert.url)
        await channel.send(an_attempt([record], Target("webhook", "partner")))
    head, _, body = side.requests[0].partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    headers = {name: lines[spelled] for spelled in lines if (name := spelled.lower()) in SIGNED_HEADERS}
    return {"headers": headers, "body": json.loads(body)}
