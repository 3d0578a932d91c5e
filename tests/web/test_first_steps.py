"""First steps: what the empty page offers, and whom."""

import shlex

import pytest
from tests.web.house import House


async def test_the_commands_name_the_program_the_address_and_the_file_with_the_token(house: House):
    status, told = await house.call("GET", "/api/v1/first-steps")
    assert status == 200
    send = shlex.split(told["send"])
    assert send[0].startswith("/")
    assert send[1:4] == ["send", "6634940", "bestbuy"]
    assert send[send.index("--url") + 1] == "http://127.0.0.1:8765"
    assert send[-1].endswith("/ledger.token)")
    assert "curl http://127.0.0.1:8765/api/v1/alerts" in told["post"]
    assert told["demo"].endswith("tocsin demo")


@pytest.mark.parametrize("call", ["GET ", "POST /alert", "POST /demo"])
@pytest.mark.parametrize("token", ["engine", "reader"])
async def test_they_are_for_administrators(house: House, call: str, token: str):
    method, _, path = call.partition(" ")
    assert (await house.call(method, f"/api/v1/first-steps{path}", token=token))[0] == 403


async def test_a_sample_takes_every_route_marked_as_a_test_however_often(house: House):
    real = await house.send(retailer="bestbuy", sku="6634940", price="1999.99")
    for _ in range(2):
        status, answer = await house.call("POST", "/api/v1/first-steps/alert")
        assert (status, answer["decision"], answer["reason"]) == (202, "accepted", "test")
    told = (await house.call("GET", f"/api/v1/alerts/{answer['id']}", token="reader"))[1]
    assert [(each["target"], each["route"]) for each in told["deliveries"]] == [("board:general", "all")]
    assert (await house.call("GET", f"/api/v1/alerts/{real}", token="reader"))[1]["repeats"] == 0
