"""Files of people are taken: every good row once, whatever stands beside it and however often the file comes."""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from tests.contract.books import Books
from tests.contract.conftest import NOON
from tests.contract.crowd import AUTHOR, GRANTED, RULE, STOP, Crowd, phone
from tests.people.files import HEADER, mixed, person

from tocsin.core.clock import ManualClock
from tocsin.core.consent import Standing
from tocsin.core.errors import InvalidRequestError
from tocsin.ledger.contract.people import ChainCheck, ContactQuery, ImportResult
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.people.importing import PART, ImportReport, import_people
from tocsin.rules.consent import standing_after


async def imported(crowd: Crowd, clock: ManualClock, content: bytes | str, **how: Any) -> ImportReport:
    given = content.encode() if isinstance(content, str) else content
    told = {"countries": ("US",), "author": AUTHOR, "rule": RULE, "now": clock.now()} | how
    return await import_people(crowd.people, given, **told)


def results(report: ImportReport) -> list[str]:
    return [row.result.value for row in report.rows]


async def test_broken_rows_are_named_the_rest_is_taken_and_a_second_run_changes_nothing(
    crowd: Crowd, clock: ManualClock
):
    content, wrong = mixed(44, 4)
    tried = await imported(crowd, clock, content, dry_run=True)
    assert (await crowd.people.contacts(ContactQuery())).items == ()
    first = await imported(crowd, clock, content)
    assert results(first) == results(tried)
    assert first.count(ImportResult.CREATED) == 33
    assert {row.row for row in first.rows if row.result is ImportResult.INVALID} == wrong.keys()
    version = await crowd.people.directory_version()
    second = await imported(crowd, clock, content)
    assert second.count(ImportResult.UNCHANGED) == 33
    assert second.count(ImportResult.INVALID) == len(wrong) == 11
    assert await crowd.people.directory_version() == version
    everybody = (await crowd.people.contacts(ContactQuery(tag="gpu", state="active", limit=100))).items
    assert len(everybody) == 33
    assert len(await crowd.people.consents(everybody[0].id)) == 2
    assert await crowd.people.check_consents(everybody[0].id) == ChainCheck(2)


async def test_a_file_that_was_cut_is_taken_up_to_there_and_whole_later(crowd: Crowd, clock: ManualClock):
    whole = HEADER + b"\n" + b"\n".join(person(number) for number in range(4)) + b"\n"
    cut = await imported(crowd, clock, whole[:-40])
    assert results(cut) == ["created"] * 3 + ["invalid"]
    assert "ends in the middle" in (cut.rows[-1].error or {})["message"]
    assert results(await imported(crowd, clock, whole)) == ["unchanged"] * 3 + ["created"]


async def test_people_that_are_there_get_what_the_file_says_more(crowd: Crowd, clock: ManualClock):
    known = await crowd.meet("Ada", phone(), tags={"old"})
    content = "name,phone,email,tags,zone\n,+14155550101,ada@example.com,vip,\n"
    report = await imported(crowd, clock, content)
    assert (results(report), report.rows[0].contact) == (["updated"], known.id)
    after = await crowd.look(known)
    assert (after.name, after.tags) == ("Ada", ("old", "vip"))
    assert await crowd.states(known.id) == {"phone": "unverified", "mailbox": "unverified"}
    assert [len(row.addresses) for row in report.rows] == [1]
    assert results(await imported(crowd, clock, content + "\n")) == ["unchanged"]


async def test_consent_in_a_file_makes_those_who_had_none_told_and_adds_nothing_to_those_who_had(
    crowd: Crowd, clock: ManualClock
):
    proof = ",2026-01-01,form,I want it"
    waiting = await crowd.meet("Ada", phone())
    told, _ = await crowd.telling("Bob", phone("+14155550102"))
    content = f"phone,consent_at,consent_source,consent_text\n+14155550101{proof}\n+14155550102{proof}\n"
    assert results(await imported(crowd, clock, content)) == ["updated", "unchanged"]
    assert await crowd.states(waiting.id) == {"phone": "active"}
    assert [entry.event.value for entry in await crowd.people.consents(told.id)] == ["granted", "confirmed"]


async def test_imported_people_wait_for_a_code_where_the_configuration_says_so(crowd: Crowd, clock: ManualClock):
    def careful(before, event, why):
        return standing_after(before, event, why, accept_imported=False)

    report = await imported(crowd, clock, HEADER + b"\n" + person(1), rule=careful)
    assert report.unverified == 2
    (contact,) = (await crowd.people.contacts(ContactQuery())).items
    assert {(one.state.value, one.consent.value) for one in contact.addresses} == {("unverified", "granted")}


async def test_who_has_stopped_stays_so_whatever_the_file_says(crowd: Crowd, clock: ManualClock):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, STOP)
    gone, _ = await crowd.telling("Bob", phone("+14155550102"))
    await crowd.people.erase(gone.id, AUTHOR, RULE)
    clock.advance(86400 * 3)
    day = f"{clock.now():%Y-%m-%d}"
    rows = (
        "name,phone,email,consent_at,consent_source,consent_text",
        f"Ada,+14155550101,,{day},form,again",
        "Bob,+14155550102,,2026-01-01,form,words",
        "Cy,+14155550102,cy@example.com,2026-01-01,form,words",
    )
    report = await imported(crowd, clock, "\n".join(rows))
    assert results(report) == ["suppressed"] * 3
    assert "ask the person" in report.rows[0].note
    assert "ask the person" not in report.rows[1].note
    assert await crowd.states(contact.id) == {"phone": "suppressed"}
    assert report.rows[1].contact is None
    assert report.rows[2].contact is not None
    assert await crowd.states(report.rows[2].contact) == {"mailbox": "active"}
    told = report.as_json()
    assert [(row["row"], row["result"]) for row in told["rows"]] == [
        (2, "suppressed"),
        (3, "suppressed"),
        (4, "suppressed"),
    ]
    version = await crowd.people.directory_version()
    assert results(await imported(crowd, clock, "\n".join(rows))) == ["suppressed"] * 3
    assert await crowd.people.directory_version() == version


async def test_an_import_takes_over_what_an_operator_had_written_down(crowd: Crowd, clock: ManualClock):
    (slot,) = await crowd.people.write_down([phone()], RULE)
    report = await imported(crowd, clock, "name,phone\nAda,+14155550101\n")
    assert results(report) == ["created"]
    assert [one.slot for one in (await crowd.people.contacts(ContactQuery())).items[0].addresses] == [slot]


async def test_a_number_of_somebody_else_is_refused_in_its_row_alone(crowd: Crowd, clock: ManualClock):
    await crowd.meet("Ada", phone(), external_id="x:1")
    await crowd.meet("Bob", phone("+14155550102"))
    rows = (
        "external_id,name,phone,email",
        "x:2,Eve,+14155550101,",
        "x:1,Ada,+14155550102,",
        "x:3,Cy,+14155550103,cy@example.com",
        "x:3,Cy Two,,cy@example.com",
        "x:4,Dee,,cy@example.com",
    )
    report = await imported(crowd, clock, "\n".join(rows))
    assert results(report) == ["invalid", "invalid", "created", "updated", "invalid"]
    assert [(row.error or {})["code"] for row in report.rows if row.error] == ["address_taken"] * 3
    names = {contact.name for contact in (await crowd.people.contacts(ContactQuery())).items}
    assert names == {"Ada", "Bob", "Cy Two"}


async def test_a_wording_that_came_with_a_refused_row_is_kept_with_the_next(crowd: Crowd, clock: ManualClock):
    await crowd.meet("Ada", phone())
    await crowd.meet("Bob", phone("+14155550102"), external_id="x:1")
    rows = (
        "external_id,phone,email,consent_at,consent_source,consent_text",
        "x:1,+14155550101,,2026-01-01,form,the words",
        ",,cy@example.com,2026-01-01,form,the words",
    )
    report = await imported(crowd, clock, "\n".join(rows))
    assert results(report) == ["invalid", "created"]
    assert report.rows[1].contact is not None
    (entry,) = await crowd.people.consents(report.rows[1].contact)
    shown = await crowd.people.wording(entry.wording or "")
    assert shown is not None
    assert shown.text == "the words"


async def test_two_imports_of_one_file_at_once_take_each_row_once(crowd: Crowd, clock: ManualClock):
    content = HEADER + b"\n" + b"\n".join(person(number) for number in range(15))
    both = await asyncio.gather(*(imported(crowd, clock, content) for _ in range(2)))
    counts = [report.count(ImportResult.CREATED) for report in both]
    assert sum(counts) == 15
    assert len((await crowd.people.contacts(ContactQuery())).items) == 15


async def test_a_dry_run_says_what_the_file_would_do_and_does_none_of_it(crowd: Crowd, clock: ManualClock):
    contact, _ = await crowd.telling("Ada")
    content = "name,phone,tags\nAda L.,+14155550101,vip\nBob,+14155550102,\nBob,+14155550102,x\n"
    before = await crowd.look(contact), await crowd.people.directory_version()
    report = await imported(crowd, clock, content, dry_run=True)
    assert results(report) == ["updated", "created", "updated"]
    assert {row.contact for row in report.rows} == {None}
    assert (await crowd.look(contact), await crowd.people.directory_version()) == before
    assert await crowd.people.by_value(phone("+14155550102")) is None
    assert results(await imported(crowd, clock, content)) == ["updated", "created", "updated"]


async def test_an_alert_waits_for_a_part_of_a_file_and_never_for_the_file(
    books: Books, crowd: Crowd, clock: ManualClock
):
    content = HEADER + b"\n" + b"\n".join(person(number) for number in range(10 * PART))
    task = asyncio.create_task(imported(crowd, clock, content))
    for number in range(3):
        await books.append(books.detected(str(number)))
        assert not task.done()
    assert (await task).count(ImportResult.CREATED) == 10 * PART


async def test_a_file_is_announced_once_however_many_parts_it_has(crowd: Crowd, clock: ManualClock):
    content = HEADER + b"\n" + b"\n".join(person(number) for number in range(3 * PART))
    before = await crowd.people.directory_version()
    await imported(crowd, clock, content)
    assert await crowd.people.directory_version() == before + 1


async def test_a_file_that_is_given_up_halfway_is_announced_as_far_as_it_came(
    place: str, clock: ManualClock, tmp_path: Path
):
    async with open_ledger(place, clock=clock, people_key_file=tmp_path / "people.key") as ledger:
        content = HEADER + b"\n" + b"\n".join(person(number) for number in range(10 * PART))
        loop, given_up = asyncio.get_running_loop(), threading.Event()

        def give_up(*said: Any) -> Standing:
            """While the first part is under way, in the thread that writes."""
            if not given_up.is_set():
                given_up.set()
                loop.call_soon_threadsafe(task.cancel)
            return RULE(*said)

        task = asyncio.create_task(imported(Crowd(ledger.people), clock, content, rule=give_up))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ledger.people.directory_version() == 1
        assert len((await ledger.people.contacts(ContactQuery())).items) == PART
        assert await ledger.people._writer.read(mark_of_key) == ledger.people.vault.mark


def mark_of_key(connection: Connection) -> bytes | None:
    with connection.begin():
        return connection.scalar(select(stream.c.people_mark))


async def test_a_dry_run_knows_whom_the_file_has_brought_before(crowd: Crowd, clock: ManualClock):
    rows = ["name,phone,email", *(f"P{number},+1415555{number:04d}," for number in range(PART))]
    content = "\n".join([*rows, "P0,+14155550000,p0@example.com", "Q,,p0@example.com", "R,,r@example.com"])
    tried = await imported(crowd, clock, content, dry_run=True)
    assert results(tried) == results(await imported(crowd, clock, content))
    assert results(tried)[PART:] == ["updated", "updated", "created"]


async def test_a_part_has_a_bound(crowd: Crowd):
    with pytest.raises(InvalidRequestError, match="100"):
        await crowd.people.take("file", [object()] * 101, AUTHOR, RULE)


async def test_codes_and_rows_that_are_done_are_forgotten_after_a_time_and_consents_are_not(
    crowd: Crowd, clock: ManualClock
):
    content = "name,phone,consent_at,consent_source,consent_text\nAda,+14155550101,2026-01-01,form,words\n"
    await imported(crowd, clock, content)
    (contact,) = (await crowd.people.contacts(ContactQuery())).items
    end = clock.now() + timedelta(minutes=10)
    address = contact.addresses[0].id
    await crowd.people.begin_verification(address, "sms", reference=None, expires_at=end, consent={})
    assert await crowd.people.prune(clock.now()) == 0
    clock.advance(3600)
    assert await crowd.people.prune(clock.now(), limit=1) == 2
    assert await crowd.people.verifications(address, NOON) == ()
    assert len(await crowd.people.consents(contact.id)) == 1
    assert (await imported(crowd, clock, content)).rows[0].note == ""


async def test_who_never_came_back_with_the_code_is_forgotten_and_nobody_else_is(crowd: Crowd, clock: ManualClock):
    """As the page for signing up makes them: an address, and nothing beside it."""
    never = await crowd.meet("", phone("+14155550101"))
    asked = await crowd.meet("", phone("+14155550102"))
    agreed = await crowd.meet("")
    await crowd.add(agreed, phone("+14155550103"), GRANTED)
    named = await crowd.meet("Ada", phone("+14155550104"))
    told, _ = await crowd.telling("", phone("+14155550105"))
    clock.advance(3600)
    before, version = clock.now(), await crowd.people.directory_version()
    end = before + timedelta(minutes=10)
    await crowd.people.begin_verification(asked.addresses[0].id, "sms", reference=None, expires_at=end, consent={})
    assert await crowd.people.prune(before) == 1
    kept = {each.id for each in (await crowd.people.contacts(ContactQuery())).items}
    assert kept == {asked.id, agreed.id, named.id, told.id}
    assert never.id not in kept
    assert await crowd.people.directory_version() == version + 1
    assert (await crowd.meet("", phone("+14155550101"))).addresses[0].slot > never.addresses[0].slot, (
        "a slot is never reused"
    )
