"""What goes over the wire for a mail to two people, and what it looks like to one of them: JSON, HTML and text of each.
`TOCSIN_WRITE_GOLDEN=1` writes the files anew.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.sendgrid.scenes import a_mailing, asked, base, channel
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.transport import Transport
from tocsin.core.record import AlertRecord

FOLDER = Path(__file__).parent / "sendgrid"

ALL: dict[str, AlertRecord] = {
    **{name: record for name, record in TYPICAL.items() if name != "in_stock_sold_out"},
    "test": TEST,
    **{
        name: AWKWARD[name]
        for name in ("name_in_arabic", "name_of_emoji_families", "name_with_a_masked_link", "name_with_controls")
    },
}


@pytest.mark.parametrize("name", ALL)
async def test_a_request_and_its_mail_are_as_their_golden_files(name: str):
    body = await on_the_wire(ALL[name])
    text, html = (one.pop("value") for one in body["content"])
    made = {"json": json.dumps(body, ensure_ascii=False, indent=2) + "\n", "txt": text, "html": html + "\n"}
    for kind, told in made.items():
        golden = FOLDER / f"{name}.{kind}"
        if os.environ.get("TOCSIN_WRITE_GOLDEN"):
            golden.write_text(told, encoding="utf-8")
        assert told == golden.read_text(encoding="utf-8"), kind


def test_there_is_no_golden_file_without_its_request():
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}.{kind}" for name in ALL for kind in ("json", "txt", "html")
    }


async def on_the_wire(record: AlertRecord) -> Any:
    """Marks are named after the attempt, which is always the same one here."""
    async with far_side(answers(202, b"")) as side, Transport() as transport:
        await channel(transport, api_base=base(side)).send(a_mailing(2, record))
    return asked(side.requests[0])[1]
