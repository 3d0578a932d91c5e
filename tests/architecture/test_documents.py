"""What the documents say of the code is read back and compared."""

import re
from pathlib import Path

from tocsin import AlertService
from tocsin.core.address import DEADLY, AddressState, AddressWhy
from tocsin.core.attribution import CreditReason
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.decision import LeftOut, Reason
from tocsin.core.delivery import FINAL, MOVES, DeliveryState
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.contract.people import ImportResult
from tocsin.ledger.contract.purchases import EntryResult
from tocsin.pipeline.intake.field import FIELDS
from tocsin.pipeline.people.table import COLUMNS
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.importing import RowResult
from tocsin.pipeline.purchases.networks.networks import NETWORKS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def rows(page: str) -> list[list[str]]:
    lines = (DOCS / page).read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if not set(row[0]) <= {"-", ":"}]


def words(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", cell))


def test_the_table_of_moves_is_the_one_in_the_code():
    told = {(row[0].strip("`"), row[1].strip("`")): words(row[2]) for row in rows("explanation/delivery-states.md")[1:]}
    coded = {
        (origin.value, to.value): {why.value for why in reasons}
        for origin, moves in MOVES.items()
        for to, reasons in moves.items()
    }
    assert told == coded


def test_the_drawing_of_the_states_has_every_move_and_no_other():
    page = (DOCS / "explanation/delivery-states.md").read_text()
    drawn = set(re.findall(r"^    ([a-z_]+) --> ([a-z_]+)$", page, re.MULTILINE))
    assert drawn == {(origin.value, to.value) for origin, moves in MOVES.items() for to in moves}


def test_every_state_is_explained():
    page = (DOCS / "explanation/delivery-states.md").read_text()
    assert {state for state in DeliveryState if f"`{state.value}`: " not in page} == set()
    late = {DeliveryState.POSSIBLY_SENT: {DeliveryState.SENT, DeliveryState.DELIVERED}}
    assert all(set(MOVES[state]) - {DeliveryState.PENDING} == late.get(state, set()) for state in FINAL)


def test_the_fields_of_an_alert_are_those_that_are_read():
    table = (DOCS / "reference/http.md").read_text().partition("| field | |\n|---|---|\n")[2].partition("\n\n")[0]
    told = [field for line in table.splitlines() for field in re.findall(r"`([a-z_]+)`", line.split("|")[1])]
    assert told == list(FIELDS)


def test_every_reason_of_a_decision_is_explained():
    told = {word for row in rows("reference/words.md") for word in words(row[1])}
    assert {reason.value for reason in Reason} <= told
    assert {word for row in rows("reference/words.md") if row[0] in ("accepted", "duplicate", "filtered")
            for word in words(row[1])} == {reason.value for reason in Reason}  # fmt: skip


def test_every_word_about_people_is_explained():
    tables = {row[0]: row for row in rows("reference/people.md")}
    told = {word for cell in tables for word in words(cell)}
    coded = (AddressState, AddressWhy, ConsentEvent, ConsentSource, ImportResult, LeftOut)
    assert told == {word.value for kind in coded for word in kind} | set(COLUMNS)
    reasons = [cell.strip("`") for cell in tables if cell.strip("`") in set(LeftOut)]
    assert [word for word in reasons if word != "suppressed"] == [
        word.value for word in LeftOut if word != "suppressed"
    ]
    dead = {word for cell, row in tables.items() if row[1] == "`dead`" for word in words(cell)}
    assert dead == {why.value for why in DEADLY}
    for column, names in COLUMNS.items():
        assert re.findall(r"`(\w+)`", tables[f"`{column}`"][1]) == list(names)


def test_every_word_about_purchases_is_explained():
    page = (DOCS / "reference/purchases.md").read_text()
    for head, kind in (("state", PurchaseState), ("result", EntryResult), ("reason", CreditReason)):
        table = page.partition(f"| {head} |")[2].partition("\n\n")[0]
        assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [word.value for word in kind]


def test_every_network_and_column_of_a_report_is_explained():
    page = (DOCS / "reference/purchases.md").read_text().partition("## Reports of networks")[2]
    networks = page.partition("| network |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", networks, re.MULTILINE) == list(NETWORKS)
    columns = page.partition("gives any of them a header:")[2].partition("- **")[0]
    assert words(columns) == {each.value for each in Column}
    assert {word.value for word in RowResult} - {word.value for word in EntryResult} == {
        word for row in rows("reference/purchases.md") for word in words(row[0]) if row[0] in ("`foreign`", "`invalid`")
    }


def test_the_tree_of_the_architecture_page_is_the_folder():
    page = (DOCS / "explanation/architecture.md").read_text()
    told = set(re.findall(r"^[├└]── (\S+)", page, re.MULTILINE))
    found = {
        path.name + ("/" if path.is_dir() else "")
        for path in (ROOT / "src/tocsin").iterdir()
        if path.name not in ("__pycache__", "py.typed", "__main__.py")
    }
    assert told == found


async def test_every_metric_is_explained_and_every_explained_metric_exists(tmp_path: Path):
    page = (DOCS / "reference/metrics.md").read_text()
    told = {name for row in re.findall(r"^\| (`tocsin_.+?) \|", page, re.MULTILINE) for name in words(row)}
    (tmp_path / "empty.json").write_text("{}")
    async with AlertService.from_config(tmp_path / "empty.json", environ={}, serve=False) as service:
        assert told == {family.name for family in service.telemetry.registry.collect()}


def test_calls_that_documents_name_are_in_the_reference():
    reference = (DOCS / "reference/http.md").read_text()
    for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]:
        for path in re.findall(r"/api/v1/[a-z-]+", page.read_text()):
            assert re.search(rf"^### \w+ {path}\b", reference, re.MULTILINE), f"{page.name} names {path}"


def test_links_between_documents_lead_somewhere():
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for link, heading in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text()):
            if "://" not in link:
                there = page.parent / link if link else page
                assert there.exists(), f"{page.name} links to {link}"
                assert not heading or heading in anchors(there), f"{page.name} links to {link}#{heading}"


def anchors(page: Path) -> set[str]:
    """What GitHub calls its headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
