"""Consent over HTTP: entered, never changed, and written out so that no spreadsheet works anything out."""

import csv
import io
import json
from typing import Any
from uuid import UUID

import pytest
from tests.web.house import House, bearer
from tests.web.people.desk import CONTACTS, GRANTED, PHONE, asked, made, refused

from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import ConsentDraft

CONSENTS = "/api/v1/consents"


async def a_phone(house: House, **consent: Any) -> tuple[str, str]:
    """Where the consents of a contact are, and the id of its phone."""
    told = await made(house, phones=[{"number": PHONE, "consent": GRANTED | consent}])
    return f"{CONTACTS}/{told['id']}/consents", told["addresses"][0]["id"]


async def lines(house: House, query: str = "", accept: str = "*/*") -> tuple[str, str]:
    headers = {**bearer("people"), "Accept": accept}
    async with house.client.get(CONSENTS + query, headers=headers) as answer:
        assert answer.status == 200
        return answer.content_type, await answer.text()


async def test_entries_make_a_chain(house: House):
    path, phone = await a_phone(house, evidence={"form": 7}, at="2026-11-01T10:00:00+01:00")
    await asked(house, "POST", path, 201, json={"address": phone, "event": "withdrawn", "source": "mail_button"})
    told = await asked(house, "GET", path)
    first, second = told["consents"]
    assert told["chain"] == {"entries": 2, "broken": False, "at": None}
    assert (first["event"], first["at"], first["evidence"]) == ("granted", "2026-11-01T09:00:00.000Z", {"form": 7})
    assert (second["event"], second["previous"], second["by"]) == ("withdrawn", first["hash"], "token:people")
    contact = await asked(house, "GET", path.removesuffix("/consents"))
    assert [(one["state"], one["why"]) for one in contact["addresses"]] == [("suppressed", "one_click")]
    granted = {"address": phone, "event": "granted", **GRANTED}
    assert (await refused(house, "POST", path, 409, json=granted))["code"] == "suppressed"
    number = {"number": PHONE}
    adding = f"{path.removesuffix('/consents')}/phones"
    assert (await refused(house, "POST", adding, 409, json=number))["code"] == "suppressed"


async def test_nothing_changes_or_takes_away_an_entry(house: House):
    path, _ = await a_phone(house)
    for method in ("PUT", "PATCH", "DELETE"):
        for place in (path, CONSENTS):
            assert (await house.call(method, place, token="people"))[0] == 405, (method, place)


async def test_all_entries_are_written_out_by_parts(house: House):
    path, phone = await a_phone(house)
    for _ in range(250):
        await house.services.ledger.people.enter(
            *ids(path, phone), draft(house), house.services.active.rulebook.people.standing_after
        )
    media_type, text = await lines(house)
    assert media_type == "application/x-ndjson"
    told = [json.loads(line) for line in text.splitlines()]
    assert len({one["id"] for one in told}) == 251
    assert [one["previous"] for one in told[1:]] == [one["hash"] for one in told[:-1]]
    _, none = await lines(house, "?since=2999-01-01T00:00:00Z")
    assert none == ""
    await refused(house, "GET", f"{CONSENTS}?since=yesterday", 422)
    await refused(house, "GET", f"{CONSENTS}?format=xlsx", 422)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
async def test_no_cell_begins_a_formula(house: House, formula: str):
    await a_phone(house, evidence=formula)
    media_type, text = await lines(house, accept="text/csv")
    assert media_type == "text/csv"
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["evidence"] == f"'{formula}"
    assert (row["event"], row["wording_version"]) == ("granted", "")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


async def test_a_known_wording_is_named_by_its_version(house: House):
    await house.services.ledger.people.keep_wording("2026-11-a", "Text me about restocks.")
    path, _ = await a_phone(house, wording="2026-11-a")
    (entry,) = (await asked(house, "GET", path))["consents"]
    assert entry["wording"]["version"] == "2026-11-a"


def ids(path: str, phone: str) -> Any:
    return UUID(path.split("/")[4]), UUID(phone)


def draft(house: House) -> ConsentDraft:
    return ConsentDraft(
        event=ConsentEvent.GRANTED,
        source=ConsentSource.API,
        author="token:people",
        at=house.services.clock.now(),
        wording="again",
    )
