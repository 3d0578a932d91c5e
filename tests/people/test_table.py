"""Files of people as spreadsheets and programs write them, whole and broken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import InvalidRequestError, TocsinError, TooLargeError
from tocsin.pipeline.people.table import COLUMNS, MOST_BYTES, MOST_LINES, MOST_ROWS, read_table


def rows(content: str | bytes) -> list[tuple[int, dict, str]]:
    table = read_table(content if isinstance(content, bytes) else content.encode())
    return [(row.row, dict(row.cells), row.problem) for row in table.rows]


ADA = {"name": "Ada", "phone": "+14155550101"}


@pytest.mark.parametrize(
    "content",
    [
        "name,phone\nAda,+14155550101\n",
        "name,phone\r\nAda,+14155550101\r\n",
        "name,phone\rAda,+14155550101\r",
        "name,phone\nAda,+14155550101",
        "\ufeffname,phone\nAda,+14155550101\n",
        "Name;Phone\nAda;+14155550101\n",
        "name\tphone\nAda\t+14155550101\n",
        'NAME ,"Phone Number"\n"Ada", +14155550101 \n',
        "name,phone,,\nAda,+14155550101,,\n",
        "name,mobile-phone\nAda,+14155550101\n",
    ],
)
def test_a_file_means_the_same_however_a_spreadsheet_writes_it(content: str):
    assert rows(content) == [(2, ADA, "")]


def test_the_marks_that_spreadsheets_put_before_it_are_read():
    assert rows("sep=;\nname;phone\nAda;+14155550101\n") == [(3, ADA, "")]
    assert rows("name\tphone\r\nAda\t+14155550101\r\n".encode("utf-16")) == [(2, ADA, "")]
    assert rows("\n\nname,phone\n\nAda,+14155550101\n") == [(5, ADA, "")]


def test_every_name_of_every_column_is_known():
    for column, names in COLUMNS.items():
        for name in names:
            if column == "phone":
                assert rows(f"{name.upper()}\n1\n") == [(2, {"phone": "1"}, "")]
            else:
                assert rows(f"{name.replace('_', ' ')},phone\nx,1\n") == [(2, {column: "x", "phone": "1"}, "")]


def test_cells_in_quotes_may_have_separators_quotes_and_line_ends():
    assert rows('name,phone\n"Lovelace, ""Ada""\nCountess",1\nBob,2\n') == [
        (2, {"name": 'Lovelace, "Ada"\nCountess', "phone": "1"}, ""),
        (3, {"name": "Bob", "phone": "2"}, ""),
    ]


def test_a_quote_that_is_not_closed_costs_its_own_row():
    found = rows('name,phone\nAda,1\n"Bob,2\nCy,3\n"Dee ""x""",4\nEd "the Ed,5\n')
    assert [(number, cells.get("phone")) for number, cells, problem in found if not problem] == [
        (2, "1"), (4, "3"), (5, "4"), (6, "5"),
    ]  # fmt: skip
    assert [number for number, _, problem in found if "quote" in problem] == [3]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (b"Bob", "fewer cells"),
        (b"Bob,2,3,4", "more cells"),
        (b'"Bob"x,2', "quote"),
        (b"B\xf6b,2", "UTF-8"),
        (b"B\0b,2", "NUL"),
        (b"B" * 70_000 + b",2", "65,536 characters"),
    ],
)
def test_a_broken_row_is_named_and_its_neighbours_are_read(row: bytes, told: str):
    first, broken, last = rows(b"name,phone\nAda,1\n" + row + b"\nCy,3\n")
    assert (first[1]["name"], last[1]["name"]) == ("Ada", "Cy")
    assert broken[0] == 3
    assert told in broken[2]


@pytest.mark.parametrize("end", ["Bo", '"Bo', '"Bob","+1'])
def test_a_file_that_was_written_half_says_so_of_its_last_row(end: str):
    first, last = rows("name,phone,email\nAda,1,x\n" + end)
    assert not first[2]
    assert "ends in the middle" in last[2]


def test_a_file_without_rows_or_columns_that_name_anybody_is_none():
    for content in ("", "\n\n", "name,tags\nAda,vip\n", "Ada,+14155550101\n", "phone,mobile\n1,2\n"):
        with pytest.raises(InvalidRequestError):
            read_table(content.encode())


def test_columns_that_are_not_read_are_named_with_the_nearest():
    (note,) = read_table(b"phone,nmae\n1,x\n").notes
    assert note == "the column nmae is not read; did you mean 'name'?"


def test_objects_are_read_a_line_each():
    lines = (
        '{"name":"Ada","phone":"1","tags":["vip"],"zone":null}',
        "",
        '{"Mobile Phone":"2"}',
        '{"phone":',
        "[1]",
        '{"phone":"5","mobile":"6"}',
        '{"phone": "7"',
    )
    content = "\n".join(lines)
    found = rows(content)
    assert [(number, cells) for number, cells, problem in found if not problem] == [
        (1, {"name": "Ada", "phone": "1", "tags": ["vip"]}),
        (3, {"phone": "2"}),
    ]
    assert [(number, problem.split(":")[0]) for number, _, problem in found if problem] == [
        (4, "it is not JSON"),
        (5, "it is no JSON object"),
        (6, "it says phone twice"),
        (7, "the file ends in the middle of this row"),
    ]


def test_a_file_has_its_bounds():
    with pytest.raises(TooLargeError, match="16 MiB"):
        read_table(b"x" * (MOST_BYTES + 1))
    with pytest.raises(TooLargeError, match="10,000"):
        read_table(b"phone\n" + b"1\n" * (MOST_ROWS + 1))
    with pytest.raises(TooLargeError, match="200,000 lines"):
        read_table(b"phone\n" + b"\r" * MOST_LINES)
    assert len(read_table(b"phone\n" + b"1\n" * MOST_ROWS).rows) == MOST_ROWS


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), st.sampled_from(",;\t|"))
def test_what_is_written_as_csv_is_read_back(people, separator):
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    content = f"name{separator}phone\n" + "".join(f"{cell(name)}{separator}{cell(phone)}\n" for name, phone in people)
    expected = [tuple(text.replace("\r\n", "\n").replace("\r", "\n").strip() for text in one) for one in people]
    found = [(cells.get("name", ""), cells.get("phone", "")) for _, cells, problem in rows(content) if not problem]
    assert found == [one for one in expected if any(one)]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(content: bytes):
    try:
        table = read_table(content)
    except TocsinError:
        return
    for row in table.rows:
        assert not (row.problem and row.cells)
        json.dumps(dict(row.cells))
