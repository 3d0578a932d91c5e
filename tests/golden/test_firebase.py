"""What goes over the wire for a push, field for field. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.channels.scenes import NOW, a_record
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.firebase.device import aimed_at
from tocsin.channels.firebase.message import Manner, message_of
from tocsin.channels.push.notification import notification_of
from tocsin.channels.push.template import compile_template
from tocsin.core.address import AddressKind
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

FOLDER = Path(__file__).parent / "firebase"
SDK = Path(__file__).parent / "firebase_sdk"
OWN = compile_template("{product} for {price}", "{stock} left at {retailer}, {percent} {sku}")
DEEP = {"ios": "bestbuy://p/6634940", "android": "bestbuy://p/6634940?a=1"}

ALL: dict[str, tuple[AlertRecord, dict[str, Any]]] = {
    **{name: (record, {}) for name, record in TYPICAL.items()},
    **{name: (AWKWARD[name], {}) for name in (
        "name_of_10000_letters", "name_of_emoji_families", "name_in_arabic", "name_of_zalgo", "name_with_controls",
        "name_of_nothing_visible", "everything_long", "picture_that_is_a_script", "price_in_yen",
        "address_longer_than_an_embed", "retailer_with_mentions",
    )},
    "deep_links": (a_record(metadata={"deep_links": DEEP}), {}),
    "silent": (TYPICAL["in_stock"], {"sound": None}),
    "siren": (TYPICAL["in_stock"], {"sound": "siren.caf"}),
    "uncollapsed": (TYPICAL["in_stock"], {"collapses": False}),
    "low_band": (a_record(priority=2), {}),
    "template": (a_record(metadata={"stock": 4}), {"template": OWN}),
    "test": (TEST, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_a_message_is_as_its_golden_file(name: str):
    record, changes = ALL[name]
    template = changes.get("template")
    manner = Manner(
        deadline=NOW + timedelta(minutes=10), **{key: one for key, one in changes.items() if key != "template"}
    )
    shown = notification_of(record, "Best Buy", template=template)
    made = message_of(record, shown, "https://alerts.example/r/1x7GhQ2kZ", manner, NOW)
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert made == json.loads(golden.read_text(encoding="utf-8"))


def test_there_is_no_golden_file_without_its_message():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ALL)


@pytest.mark.parametrize("file", sorted(SDK.glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("address", ["token", "fid"])
def test_googles_own_library_would_send_the_same(file: Path, address: str):
    """As `firebase_sdk/encode.py` has written it down."""
    theirs = json.loads(file.read_text())[address]
    ours = json.loads((FOLDER / file.name).read_text())
    to = Recipient(slot=1, kind=AddressKind.DEVICE, value=Secret(theirs[address]), lookup=b"")
    assert alike(ours | aimed_at(to)) == alike(theirs)


def alike(value: Any) -> Any:
    """Priorities in either case, and times however many digits they have, are the same to ProtoJSON."""
    if isinstance(value, dict):
        return {key: _spelled(key, alike(each)) for key, each in value.items()}
    return value


def _spelled(key: str, value: Any) -> Any:
    match key:
        case "priority":
            return value.lower()
        case "event_time":
            return datetime.fromisoformat(value)
        case _:
            return value
