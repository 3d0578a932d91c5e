"""Rows of a file of people are read one by one; what is wrong with one is said, all of it, and harms no other."""

from datetime import UTC, datetime

import pytest
from tests.people.files import mixed

from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import ImportedRow, ImportRow
from tocsin.pipeline.people.import_rows import RowReader
from tocsin.pipeline.people.table import read_table

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def read(content: bytes, *countries: str) -> list[ImportRow | ImportedRow]:
    reader = RowReader(countries, "token:moderator", NOON)
    return [reader.read(row) for row in read_table(content).rows]


def only(content: bytes, *countries: str) -> ImportRow:
    (row,) = read(content, *countries)
    assert isinstance(row, ImportRow), row
    return row


def test_of_ten_thousand_rows_each_of_three_hundred_broken_ones_is_named_and_the_others_are_read():
    content, wrong = mixed(10_000, 33)
    rows = read(content, "US")
    found = {row.row: row.error for row in rows if isinstance(row, ImportedRow)}
    assert len(rows) == 10_000
    assert len(wrong) > 300
    assert {
        row: (error["code"], (error["details"] or [{"path": ""}])[0]["path"]) for row, error in found.items()
    } == wrong


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    (row,) = read(b"phone,email,zone\n12,x,Mars\n", "US")
    assert isinstance(row, ImportedRow)
    assert row.error is not None
    assert row.error["code"] == "invalid_phone"
    assert "and 2 more" in row.error["message"]
    assert [detail["path"] for detail in row.error["details"]] == ["phone", "email", "zone"]


def test_consent_speaks_for_every_address_of_its_row():
    row = only(b"phone,email,consent_at,consent_source,wording\n+14155550101,a@example.com,2026-01-02,form 7,Yes\n")
    assert len(row.addresses) == 2
    for draft in row.addresses:
        assert draft.consent is not None
        assert (draft.consent.event, draft.consent.source) == (ConsentEvent.IMPORTED, ConsentSource.IMPORT)
        assert (draft.consent.at, draft.consent.wording) == (datetime(2026, 1, 2, tzinfo=UTC), "Yes")
        assert draft.consent.evidence == {"source": "form 7", "row": 2}


@pytest.mark.parametrize("missing", ["consent_at", "consent_source", "consent_text"])
def test_without_all_that_proves_it_there_is_no_consent(missing: str):
    cells = {"phone": "+14155550101", "consent_at": "2026-01-02", "consent_source": "x", "consent_text": "y"}
    cells[missing] = ""
    (draft,) = only(f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()).addresses
    assert draft.consent is None


@pytest.mark.parametrize(
    ("line", "tags"),
    [("a; b|c", {"a", "b", "c"}), ('"a, b"', {"a", "b"}), ("", set()), (";;", set())],
)
def test_tags_stand_in_one_cell(line: str, tags: set[str]):
    assert only(f"phone,tags\n+14155550101,{line}\n".encode()).tags == tags


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b'{"phone": 14155550101}', "phone"),
        (b'{"phone": 1.23e10}', "phone"),
        (b'{"phone": "+14155550101", "tags": [1]}', "tags"),
        (b'{"phone": "+14155550101", "tags": {"a": 1}}', "tags"),
        (b'{"phone": "+14155550101", "name": ["Ada"]}', "name"),
        (b'{"phone": "+14155550101", "name": "A\\nda"}', "name"),
        (b'{"phone": "+14155550101", "locale": "english"}', "locale"),
        (b'{"phone": "+14155550101", "locale": "en-aaaaaaaa-bbbbbbbb-cccccccc-ddddddd"}', "locale"),
        (b'{"phone": "+14155550101", "consent_at": "11/20/2026"}', "consent_at"),
    ],
)
def test_what_no_cell_can_be_is_said_of_its_column(line: bytes, path: str):
    (row,) = read(line)
    assert isinstance(row, ImportedRow)
    assert row.error is not None
    assert [detail["path"] for detail in row.error["details"]] == [path]


def test_a_number_as_external_id_is_its_digits():
    assert only(b'{"external_id": 1180, "name": "Ada", "locale": "pt_BR"}').external_id == "1180"
