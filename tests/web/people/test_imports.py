"""A file of people over HTTP: each row by itself, once, and however the spreadsheet wrote it."""

import asyncio
import json
from collections.abc import Mapping
from io import BytesIO

import pytest
from tests.web.house import House
from tests.web.people.desk import CONTACTS, GRANTED, MAILBOX, PHONE, asked, imported, made, refused

WORDING = "Text me about restocks. STOP ends it."
HEADER = "external_id,name,phone,email,zone,tags,consent_at,consent_source,consent_text"
ROW = f'm:1,Ada,{PHONE},,America/New_York,vip;eu,2026-11-20,forum,"{WORDING}"'

# Ten ways in which a row is broken: what stands in its columns, and the word and the column of its error.
BROKEN: tuple[tuple[Mapping[str, str], str, str], ...] = (
    ({"phone": "1.41555E+10"}, "invalid_phone", "phone"),
    ({"phone": "12"}, "invalid_phone", "phone"),
    ({"phone": "+1 900 555 0123"}, "invalid_phone", "phone"),
    ({"phone": "call me maybe"}, "invalid_phone", "phone"),
    ({"email": "ada(at)example.com"}, "invalid_mailbox", "email"),
    ({"zone": "Mars/Olympus"}, "unknown_zone", "zone"),
    ({"consent_at": "last week"}, "invalid_request", "consent_at"),
    ({"consent_at": "2999-01-01"}, "invalid_request", "consent_at"),
    ({"name": "x" * 300}, "invalid_request", "name"),
    ({"external_id": "", "phone": "", "email": ""}, "invalid_request", ""),
)


def number(at: int) -> str:
    return f"+1415{2_000_000 + at:07}"


def line(at: int) -> str:
    """A good row, or each thirty-third one that is broken in its way."""
    cells = {
        "external_id": f"m:{at}",
        "name": f"Member {at}",
        "phone": number(at),
        "email": "",
        "zone": "",
        "tags": "vip",
        "consent_at": "2026-11-20",
        "consent_source": "forum",
        "consent_text": WORDING,
    }
    if is_broken(at):
        cells |= BROKEN[at // 33 % len(BROKEN)][0]
    return json.dumps(cells)


def is_broken(at: int) -> bool:
    return at % 33 == 0 and at < 33 * 300


async def test_of_many_rows_the_broken_ones_are_named_and_the_rest_is_taken_while_alerts_pass(house: House):
    content = "\n".join(line(at) for at in range(1000))
    importing = asyncio.create_task(imported(house, content))
    sent = 0
    while not importing.done():
        await house.send(sku=f"during-{sent}")
        sent += 1
    report = await importing
    assert sent > 1, "alerts came between the parts"
    broken = [at for at in range(1000) if is_broken(at)]
    assert (report["created"], report["invalid"]) == (1000 - len(broken), len(broken))
    assert [row["row"] for row in report["rows"]] == [at + 1 for at in broken]
    for row, at in zip(report["rows"], broken, strict=True):
        _, code, path = BROKEN[at // 33 % len(BROKEN)]
        assert (row["error"]["code"], row["contact"]) == (code, None), row
        assert path in {detail["path"] for detail in row["error"]["details"]} | {""}, row
    assert len({row["error"]["code"] for row in report["rows"]}) == 4


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}\n",
        f"\ufeff{HEADER}\n{ROW}\n",
        f"{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\n{ROW}",
        f"sep=;\n{HEADER}\n{ROW}\n".replace("vip;eu", "vip|eu").replace(",", ";"),
        f"{HEADER}\n{ROW}\n".replace("vip;eu", "vip|eu").replace(",", ";").replace("\n", "\r\n"),
        f"{HEADER}\n{ROW}\n".replace("vip;eu", "vip|eu").replace(",", "\t"),
        f"{HEADER}\n{ROW}\n".replace("phone,", "Mobile Number,").replace("email", "E-Mail"),
        f"\ufeff{HEADER}\n{ROW}\n".encode("utf-16"),
    ],
)
async def test_a_file_is_read_however_a_spreadsheet_wrote_it(house: House, content: str | bytes):
    report = await imported(house, content)
    assert (report["created"], report["invalid"], report["rows"]) == (1, 0, []), report
    (contact,) = (await asked(house, "GET", CONTACTS))["contacts"]
    assert (contact["name"], contact["tags"], contact["zone"]) == ("Ada", ["eu", "vip"], "America/New_York")
    (phone,) = contact["addresses"]
    assert (phone["shown"], phone["state"], phone["consent"]) == ("+1 *** *** 0101", "active", "granted")


async def test_the_same_file_again_changes_nothing_even_at_the_same_time(house: House):
    content = "\n".join([HEADER, ROW, ROW.replace("m:1", "m:2").replace(PHONE, "+14155550102")])
    first, second = await asyncio.gather(imported(house, content), imported(house, content))
    assert sorted((first["created"], second["created"])) == [0, 2]
    again = await imported(house, content)
    assert (again["unchanged"], again["created"], again["updated"]) == (2, 0, 0)
    assert (again["taken_before"], again["rows"]) == (2, []), "what was taken before is counted, not told row by row"
    assert len((await asked(house, "GET", CONTACTS))["contacts"]) == 2


async def test_a_dry_run_says_the_same_and_changes_nothing(house: House):
    content = f"{HEADER}\n{ROW}\n"
    dry = await imported(house, content, "?dry_run=1")
    assert (dry["created"], dry["dry_run"]) == (1, True)
    assert (await asked(house, "GET", CONTACTS))["contacts"] == []
    assert (await imported(house, content, "?dry_run=0"))["created"] == 1
    await refused(house, "POST", f"{CONTACTS}/import?dry_run=perhaps", 422, data=content)
    await refused(house, "POST", f"{CONTACTS}/import?dryrun=1", 422, data=content)


async def test_a_half_written_file_costs_its_last_row(house: House):
    report = await imported(house, f"{HEADER}\n{ROW}\nm:2,Grace,+1415555")
    assert (report["created"], report["invalid"]) == (1, 1)
    assert "ends in the middle" in report["rows"][0]["error"]["message"]


async def test_too_many_rows_and_too_many_bytes_are_refused(house: House):
    rows = "phone\n" + "x\n" * 10_001
    assert (await refused(house, "POST", f"{CONTACTS}/import", 413, data=rows.encode()))["code"] == "too_large"
    large = b"phone\n" + b"x" * (16 << 20)
    assert (await refused(house, "POST", f"{CONTACTS}/import", 413, data=BytesIO(large)))["code"] == "too_large"


async def test_without_evidence_nobody_is_verified(house: House):
    report = await imported(house, f"name,phone,email\nAda,{PHONE},{MAILBOX}\n")
    assert (report["created"], report["unverified"]) == (1, 2)
    (contact,) = (await asked(house, "GET", CONTACTS))["contacts"]
    assert {one["state"] for one in contact["addresses"]} == {"unverified"}


async def test_a_row_whose_parts_are_of_two_people_is_refused(house: House):
    await made(house, external_id="1", phones=[{"number": PHONE}])
    await made(house, external_id="2", mailboxes=[{"address": MAILBOX}])
    report = await imported(house, f"phone,email\n{PHONE},{MAILBOX}\n")
    assert (report["invalid"], report["rows"][0]["error"]["code"]) == (1, "address_taken")


async def test_whoever_stopped_stays_so_whatever_a_file_says(house: House):
    contact = await made(house, external_id="m:1", phones=[{"number": PHONE, "consent": GRANTED}])
    stopped = {"address": contact["addresses"][0]["id"], "event": "withdrawn", "source": "inbound_text"}
    await asked(house, "POST", f"{CONTACTS}/{contact['id']}/consents", 201, json=stopped)
    report = await imported(house, f"{HEADER}\n{ROW}\n".replace("2026-11-20", now_in(house)))
    assert report["suppressed"] == 1
    assert "does not want to be told" in report["rows"][0]["note"]
    (address,) = (await asked(house, "GET", f"{CONTACTS}/{contact['id']}"))["addresses"]
    assert (address["state"], address["why"]) == ("suppressed", "stop")


def now_in(house: House) -> str:
    return house.services.clock.now().isoformat()
