"""Links, deliveries, channels, tokens, operations and the pages."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from tests.deadline import DEADLINE_S
from tests.web.house import House, bearer, open_house, serving

from tocsin.core import link
from tocsin.core.alert import AlertType
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.outcome import Deferred, Delay, Refusal, Refused
from tocsin.core.record import rfc3339
from tocsin.pipeline.intake.field import FIELDS
from tocsin.rules.click import TOO_SOON
from tocsin.rules.filters import MAX_AGE
from tocsin.web.page import Page

SECRET = b"secret of links"
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PERSON = {"User-Agent": "Mozilla/5.0 (iPhone)", "Accept-Language": "de"}


# --- short links ----------------------------------------------------------------------------------------------


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_code_leads_back_to_its_key_and_to_no_other(key: int):
    code = link.encode(key, SECRET)
    assert link.decode(code, SECRET) == key
    assert link.decode(code, b"another") is None
    assert link.decode(code[:-1] + ("A" if code[-1] != "A" else "B"), SECRET) is None
    assert link.decode("0" + code, SECRET) is None
    assert len(code) <= 16


@given(st.text(max_size=24))
def test_a_made_up_code_leads_nowhere(code: str):
    key = link.decode(code, SECRET)
    assert key is None or link.encode(key, SECRET) == code


async def test_a_link_counts_people_and_leads_everybody_to_the_product(tmp_path: Path):
    clock = ManualClock(NOW)
    async with open_house(tmp_path, clock=clock) as house:
        told = await house.send(url="https://shop.example/ö?a=1&b=2#x")
        await sent(house)
        code = link.encode(await delivery_key(house, told), house.services.ledger.link_secret)
        await follow(house, code, PERSON)
        clock.advance(TOO_SOON.total_seconds())
        await follow(house, code, PERSON)
        await follow(house, code, {**PERSON, "User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0)"})
        await follow(house, code, PERSON, method="HEAD")
        _, story = await house.call("GET", f"/api/v1/alerts/{told}")
        assert story["clicks"] == [rfc3339(clock.now())]
        clicked = [step["detail"] for step in story["timeline"] if step["what"] == "clicked"]
        assert clicked == ["perhaps by a program: sooner than a person reads", ""]


async def sent(house: House) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not (await house.services.ledger.history.deliveries(state=DeliveryState.SENT)).items:
            pass


async def follow(house: House, code: str, headers: Mapping[str, str], method: str = "GET") -> None:
    async with house.client.request(method, f"/r/{code}", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"] == "https://shop.example/%C3%B6?a=1&b=2#x"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_link_goes_by_way_of_the_retailers_affiliate_template(house: House):
    told = await house.send(url="https://newegg.example/p?x=1", retailer="newegg")
    code = link.encode(await delivery_key(house, told), house.services.ledger.link_secret)
    async with house.client.get(f"/r/{code}", allow_redirects=False) as answer:
        assert (
            answer.headers["Location"] == f"https://aff.example/?to=https%3A%2F%2Fnewegg.example%2Fp%3Fx%3D1&sub={code}"
        )


async def test_an_unknown_link_gets_a_page_that_says_so(house: House):
    for code in (
        "nothing",
        link.encode(12345, house.services.ledger.link_secret),
        link.encode(1, b"other"),
        "%00",
        "..%2f..%2fetc",
    ):
        async with house.client.get(f"/r/{code}", allow_redirects=False) as answer:
            assert answer.status == 404
    async with house.client.get("/r/nothing") as answer:
        text = await answer.text()
        assert "leads nowhere" in text
        assert 'href="../people/style.css"' in text


async def delivery_key(house: House, alert: str) -> int:
    page = await house.services.ledger.history.deliveries()
    return next(delivery.key for delivery in page.items if str(delivery.alert_id) == alert)


# --- deliveries and channels ----------------------------------------------------------------------------------


async def test_a_refused_delivery_is_listed_retried_and_its_target_enabled(house: House):
    house.board.outcome = Refused(Refusal.TARGET_GONE, "Unknown Webhook")
    await house.send()
    async with asyncio.timeout(DEADLINE_S):
        while not (told := (await house.call("GET", "/api/v1/deliveries?state=refused"))[1])["deliveries"]:
            pass
    (delivery,) = told["deliveries"]
    assert delivery["target"] == "board:general"
    (channel,) = (await house.call("GET", "/api/v1/channels", token="reader"))[1]["channels"]
    assert channel["targets"][0]["disabled"]["why"] == "target_gone"

    path = "/api/v1/channels/board/targets/general/enable"
    assert (await house.call("POST", path))[0] == 200
    assert (await house.call("POST", path))[0] == 404
    status, retried = await house.call("POST", f"/api/v1/deliveries/{delivery['id']}/retry")
    assert (status, retried["state"], retried["why"]) == (202, "pending", "retried")
    assert (await house.call("POST", "/api/v1/deliveries/01a205b3-d000-7009-9bb4-b1c15a515c31/retry"))[0] == 404


@pytest.mark.parametrize("jump", [3600, -3600])
async def test_a_retry_gives_one_whole_life_each_time_whatever_the_clock_did(tmp_path: Path, jump: int):
    clock = ManualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    async with open_house(tmp_path, clock=clock) as house:
        house.board.outcome = Deferred(Delay.RATE_LIMITED, after=timedelta(days=1))
        await house.send()
        for _ in range(2):
            await until(house, DeliveryState.PENDING)
            clock.jump(jump)
            await house.services.ledger.probe()
            clock.advance(7200)
            delivery = await until(house, DeliveryState.EXPIRED)
            status, told = await house.call("POST", f"/api/v1/deliveries/{delivery.id}/retry")
            assert (status, told["expires_at"]) == (202, rfc3339(clock.now() + MAX_AGE[AlertType.IN_STOCK]))


async def until(house: House, state: DeliveryState) -> Delivery:
    """The only delivery, once it stands so."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await house.services.ledger.queue.expire()
            page = await house.services.ledger.history.deliveries()
            if [one.state for one in page.items] == [state]:
                return page.items[0]


async def test_a_test_message_takes_the_real_path_and_says_what_was_answered(house: House):
    status, told = await house.call("POST", "/api/v1/channels/board/test", json={"target": "general"})
    assert (status, told["state"], told["status"]) == (200, "sent", 204)
    assert house.board.written[0].is_test
    status, told = await house.call("POST", "/api/v1/channels/board/test", json={"target": "board:general"})
    assert status == 200
    assert (await house.call("POST", "/api/v1/channels/board/test", json={"target": "nowhere"}))[0] == 404


async def test_a_body_of_ours_that_is_wrong_is_told_in_the_one_form(house: House):
    status, told = await house.call("POST", "/api/v1/channels/board/test", data=b"{")
    assert (status, told["error"]["code"]) == (400, "not_json")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = await house.call("POST", "/api/v1/stock", data=b'{"sku": "1", "retailer": "x"}', headers=form)
    assert status == 200
    status, told = await house.call("POST", "/api/v1/channels/board/test", json={"targt": "x"})
    assert (status, told["error"]["code"]) == (422, "invalid_request")
    assert {detail["path"] for detail in told["error"]["details"]} == {"target", "targt"}
    status, told = await house.call("GET", "/api/v1/deliveries?state=nonsense&limit=0")
    assert {detail["path"] for detail in told["error"]["details"]} == {"state", "limit"}
    status, told = await house.call("POST", "/api/v1/stock", json={"sku": "1", "retailer": "x", "in_stock": True})
    assert (status, told["error"]["details"][0]["path"]) == (422, "in_stock")


# --- tokens ---------------------------------------------------------------------------------------------------


async def test_a_token_is_shown_once_listed_without_its_secret_and_ends_at_once(house: House):
    ended: list[str] = []
    house.services.tokens.on_revoked(ended.append)
    status, made = await house.call("POST", "/api/v1/tokens", json={"name": "moderator", "scopes": ["read"]})
    assert status == 201
    assert re.fullmatch(r"tocsin_[a-z0-9]{8}_[\w-]{43}", made["token"])
    assert (await house.call("GET", "/api/v1/alerts", token=made["token"]))[0] == 200

    _, listed = await house.call("GET", "/api/v1/tokens")
    assert made["token"] not in str(listed)
    assert {"config:admin", made["id"]} <= {row["id"] for row in listed["tokens"]}

    assert (await house.call("DELETE", f"/api/v1/tokens/{made['id']}"))[0] == 200
    assert ended == [made["id"]]
    assert (await house.call("GET", "/api/v1/alerts", token=made["token"]))[0] == 401
    assert (await house.call("DELETE", "/api/v1/tokens/config:admin"))[0] == 422
    for wrong in ({"name": "", "scopes": ["read"]}, {"name": "x", "scopes": ["root"]}, {"name": "x", "scopes": []}):
        assert (await house.call("POST", "/api/v1/tokens", json=wrong))[0] == 422


async def test_a_token_outlives_a_restart_but_is_nowhere_on_disk(tmp_path: Path):
    async with open_house(tmp_path) as house:
        _, made = await house.call("POST", "/api/v1/tokens", json={"name": "m", "scopes": ["read"]})
        assert (await house.call("GET", "/api/v1/alerts", token=made["token"]))[0] == 200
    secret = made["token"].rpartition("_")[2].encode()
    assert not written_down(tmp_path, secret)
    async with open_house(tmp_path) as house:
        assert (await house.call("GET", "/api/v1/alerts", token=made["token"]))[0] == 200
        row = next(row for row in (await house.call("GET", "/api/v1/tokens"))[1]["tokens"] if row["id"] == made["id"])
        assert row["last_used_at"] is not None


def written_down(folder: Path, secret: bytes) -> list[Path]:
    return [file for file in folder.iterdir() if secret in file.read_bytes()]


# --- operations and pages -------------------------------------------------------------------------------------


async def test_health_readiness_and_reload(house: House):
    assert await house.call("GET", "/healthz", token=None) == (200, {"status": "ok", "version": "test"})
    assert await house.call("GET", "/readyz", token=None) == (200, {"ready": True, "problems": []})
    assert await house.call("POST", "/api/v1/config/reload") == (200, {"reloaded": True})


async def test_the_reference_knows_every_door_and_its_scope(house: House):
    status, schema = await house.call("GET", "/openapi.json", token=None)
    assert status == 200
    alerts = schema["paths"]["/api/v1/alerts"]["post"]
    assert alerts["security"] == [{"token": ["ingest"]}]
    assert alerts["requestBody"]["content"].keys() == {"application/json", "application/x-ndjson"}
    assert all("security" in call for path in schema["paths"].values() for call in path.values())
    assert "HTTPValidationError" not in str(schema)
    assert schema["components"]["schemas"]["NewAlert"]["properties"].keys() == FIELDS.keys()
    for path, calls in schema["paths"].items():
        for call in calls.values():
            named = {each["name"] for each in call.get("parameters", ()) if each["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path
            assert all(
                "schema" in each for told in call["responses"].values() for each in told.get("content", {}).values()
            )
            assert {"200", "201", "202", "302"} & call["responses"].keys(), path
    async with house.client.get("/docs") as answer:
        page = await answer.text()
    assert all(path in page for path in schema["paths"])
    assert all(f"<td>{field}<td>" in page for field in FIELDS), "the fields of an alert"
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    assert "`" not in page, "text is drawn, not shown as it is written"
    assert "<script" not in page
    assert "style=" not in page


async def test_the_page_is_served_from_what_was_built(tmp_path: Path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Tocsin</title>")
    (tmp_path / "assets" / "index-a1b2.js").write_text("1")
    (tmp_path.parent / "outside.txt").write_text("secret")
    app = FastAPI(openapi_url=None)
    Page(tmp_path).open(app)
    assert {route.path for route in app.routes if isinstance(route, Route)} >= {"/", "/assets/index-a1b2.js"}
    async with open_house(tmp_path) as house, serving(app) as url:
        async with house.client.get(f"{url}/") as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
            etag = answer.headers["ETag"]
        async with house.client.get(f"{url}/", headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
        async with house.client.get(f"{url}/assets/index-a1b2.js") as answer:
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert "immutable" in answer.headers["Cache-Control"]
        async with house.client.get(f"{url}/assets/..%2f..%2foutside.txt") as answer:
            assert answer.status == 404


async def test_a_page_that_is_not_built_says_what_to_do(tmp_path: Path):
    app = FastAPI(openapi_url=None)
    Page(tmp_path / "nothing").open(app)
    async with open_house(tmp_path) as house, serving(app) as url, house.client.get(f"{url}/") as answer:
        assert answer.status == 503
        assert "make run" in await answer.text()


async def test_the_shell_is_open_and_holds_no_data(house: House):
    await house.send(product_name="a secret product")
    async with house.client.get("/", headers=bearer(None)) as answer:
        assert "a secret product" not in await answer.text()
