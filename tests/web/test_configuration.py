"""The configuration over HTTP: for administrators alone, bounded, and without a secret."""

import json
from pathlib import Path

import pytest
from tests.story.service_rig import TOKEN, ServiceRig
from tests.web.house import House

from tocsin.web.configuration import LARGEST


@pytest.mark.parametrize("token", ["reader", "engine", "people"])
async def test_only_administrators_ask_for_it(house: House, token: str):
    assert (await house.call("GET", "/api/v1/config", token=token))[0] == 403
    assert (await house.call("POST", "/api/v1/config/check", token=token, data=b"{}"))[0] == 403


async def test_a_file_has_a_bound(house: House):
    status, told = await house.call("POST", "/api/v1/config/check", data=b" " * LARGEST)
    assert (status, told["found"]) == (200, {"bytes": LARGEST})
    assert (await house.call("POST", "/api/v1/config/check", data=b" " * (LARGEST + 1)))[0] == 413


async def test_a_running_service_tells_its_values_and_judges_a_file_without_taking_it(tmp_path: Path):
    async with ServiceRig(tmp_path) as town:
        await town.open(tokens={"story": {"secret": TOKEN, "scopes": ["admin"]}})
        told = await town.get("/api/v1/config")
        values = {value["path"]: value for value in told["values"]}
        assert values["server.port"]["source"] == "file"
        assert values["mode"]["source"] == "default"
        assert Path(told["file"]).name in values["server.port"]["place"]
        assert TOKEN not in json.dumps(told)
        before = await town.get("/api/v1/config")
        good = await town.call("POST", "/api/v1/config/check", {"mode": "shadow", "server": {"port": 1}})
        assert [warning["path"] for warning in good["warnings"]] == ["mode"]
        bad = await town.call("POST", "/api/v1/config/check", {"roots": []}, status=422)
        assert bad["error"]["code"] == "invalid_config"
        assert await town.get("/api/v1/config") == before
