"""A detector whose alerts are refused does not look like a quiet market, at whatever door they are refused."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import pytest
import socketio
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin.core.errors import InvalidAlertError
from tocsin.core.facts import AlertInvalid, AlertsRefused, ConditionBegan, ConditionOver, Turned
from tocsin.rules.refusal import LATEST, LEAST_REFUSED
from tocsin.telemetry import EVERY_S, MOST_TOKENS, Telemetry

ALERT = {"type": "in_stock", "sku": "6634940", "retailer": "bestbuy", "price": 1999.99}
ENGINE = "a-token-of-the-engine-0123456789"
READER = "a-token-of-the-reader-0123456789"
TOKENS = {
    "story": {"secret": TOKEN, "scopes": ["admin"]},
    "engine": {"secret": ENGINE, "scopes": ["ingest"]},
    "reader": {"secret": READER, "scopes": ["read"]},
}


async def post(
    town: ServiceRig, body: Any, *, token: str | None = ENGINE, path: str = "/api/v1/alerts", **headers: str
) -> int:
    authorized = {} if token is None else {"Authorization": f"Bearer {token}"}
    sent: Any = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with town._http.post(town.alerts.url + path, headers=authorized | headers, **sent) as answer:
        await answer.read()
        return answer.status


async def counted(town: ServiceRig, name: str) -> Mapping[tuple[str, ...], int]:
    """By the values of the labels, in the order of their names."""
    async with town._http.get(f"{town.alerts.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        lines = re.findall(rf"^{name}_total\{{(.+)\}} (\S+)$", await answer.text(), re.MULTILINE)
    return {tuple(re.findall('"(.*?)"', labels)): int(float(count)) for labels, count in lines}


def logged(caplog: pytest.LogCaptureFixture, message: str) -> list[Mapping[str, Any]]:
    return [record.fact for record in caplog.records if record.message == message]


async def conditions(town: ServiceRig) -> Mapping[tuple[str, str], str]:
    shown = (await town.get("/api/v1/conditions"))["conditions"]
    return {(each["what"], each["about"]): each["detail"] for each in shown}


@pytest.fixture
async def open_town(town: ServiceRig) -> ServiceRig:
    return await town.open(tokens=TOKENS)


HOST = {"Host": "evil.example"}
NDJSON = b'{"type": "in_stock"}\n{"sku": \n'


INVALID: dict[str, tuple[Any, int, list[str]]] = {
    "a field": ({**ALERT, "price": -1}, 422, ["price"]),
    "a field that there is not": ({**ALERT, "pirce": 1}, 422, ["unknown_field"]),
    "items of an array": ([{**ALERT, "price": -1}, ALERT, 7], 202, ["price", "invalid_alert"]),
    "lines": (b'{"type": "in_stock"}\n{"sku": \n', 202, ["sku", "not_json"]),
}


@pytest.mark.parametrize("case", INVALID)
async def test_what_is_no_alert_is_counted_and_logged(
    open_town: ServiceRig, caplog: pytest.LogCaptureFixture, case: str
):
    body, status, faults = INVALID[case]
    caplog.set_level(logging.WARNING, "tocsin")
    assert await post(open_town, body) == status
    counts = await counted(open_town, "tocsin_alerts")
    assert {labels for labels in counts if labels[0] == "invalid"} == {("invalid", fault, "engine") for fault in faults}
    lines = logged(caplog, "alert refused")
    assert [(line["field"], line["token"]) for line in lines] == [(fault, "engine") for fault in faults]
    assert all(line["why"] for line in lines)


TURNED: dict[str, tuple[Any, dict[str, Any], int, tuple[str, str]]] = {
    "no JSON": (b"no JSON", {}, 400, ("not_json", "engine")),
    "no token": (ALERT, {"token": None}, 401, ("unauthorized", "")),
    "an unknown token": (ALERT, {"token": "a-token-that-nobody-knows"}, 401, ("unauthorized", "")),
    "a token for something else": (ALERT, {"token": READER}, 403, ("forbidden", "reader")),
    "an unknown host": (ALERT, {"Host": "evil.example"}, 400, ("unknown_host", "")),
    "a key that is none": (ALERT, {"Idempotency-Key": " "}, 422, ("invalid_request", "engine")),
    "too much": ({**ALERT, "metadata": {"notes": "n" * 70_000}}, {}, 413, ("too_large", "engine")),
    "a close that is none": ({"sku": "1"}, {"path": "/api/v1/stock"}, 422, ("invalid_request", "engine")),
}


@pytest.mark.parametrize("case", TURNED)
async def test_what_is_turned_away_is_counted_and_logged(
    open_town: ServiceRig, caplog: pytest.LogCaptureFixture, case: str
):
    body, how, status, counts = TURNED[case]
    caplog.set_level(logging.WARNING, "tocsin")
    assert await post(open_town, body, **how) == status
    assert await counted(open_town, "tocsin_requests_refused") == {counts: 1}
    (line,) = logged(caplog, "request refused")
    assert (line["code"], line["token"]) == counts
    assert line["why"]


async def test_what_is_refused_in_python_and_over_a_socket_is_counted_and_logged(
    open_town: ServiceRig, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING, "tocsin")
    with pytest.raises(InvalidAlertError):
        await open_town.alerts.send_alert(**{**ALERT, "price": -1})
    async with Socket() as detector:
        await detector.connect(open_town.alerts.url, auth={"token": ENGINE})
        assert (await detector.call("send_alert", {**ALERT, "priority": 11}))["ok"] is False
        assert (await detector.call("sent_alert", ALERT))["ok"] is False
    async with Socket() as reader:
        await reader.connect(open_town.alerts.url, auth={"token": READER})
        assert (await reader.call("send_alert", ALERT))["ok"] is False
    async with Socket() as stranger:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await stranger.connect(open_town.alerts.url, auth={"token": "nobody-knows-this-one"})
    assert await counted(open_town, "tocsin_alerts") == {
        ("invalid", "price", "embedded"): 1,
        ("invalid", "priority", "engine"): 1,
    }
    assert await counted(open_town, "tocsin_requests_refused") == {
        ("invalid_request", "engine"): 1,
        ("forbidden", "reader"): 1,
        ("unauthorized", ""): 1,
    }
    assert [line["address"] for line in logged(caplog, "request refused")] == ["127.0.0.1"] * 3


async def test_a_token_that_was_revoked_or_has_ended_is_named(open_town: ServiceRig):
    made = await open_town.call("POST", "/api/v1/tokens", {"name": "old engine", "scopes": ["ingest"]}, status=201)
    assert await post(open_town, ALERT, token=made["token"]) == 202
    await open_town.call("DELETE", f"/api/v1/tokens/{made['id']}", status=200)
    assert await post(open_town, ALERT, token=made["token"]) == 401
    assert await post(open_town, ALERT, token=made["token"] + "x") == 401
    assert await counted(open_town, "tocsin_requests_refused") == {
        ("unauthorized", "old engine"): 1,
        ("unauthorized", ""): 1,
    }


async def test_operators_are_told_of_a_detector_that_is_refused_and_when_it_is_taken_again(town: ServiceRig):
    hooks = {name: town.sandbox.discord.webhook(name) for name in ("general", "staff")}
    await town.open(tokens=TOKENS, discord={"webhooks": hooks}, operators={"to": ["discord:staff"]})
    for number in range(LEAST_REFUSED):
        assert await conditions(town) == {}
        await post(town, {**ALERT, "sku": f"{number}", "price": "a lot"})
    (detail,) = (await conditions(town)).values()
    assert list(await conditions(town)) == [("alerts_refused", "engine")]
    assert detail.startswith("price: must be a number or a decimal string")
    told = await town.room("staff").expect("Most alerts of engine are refused")
    assert "tocsin token create" in str(told.embeds)
    for number in range(LATEST):
        await post(town, {**ALERT, "sku": f"{number}"})
    assert await conditions(town) == {}
    await town.told(ConditionOver)
    await town.room("staff").expect("Alerts of engine are no longer refused")


async def test_strangers_are_one_condition_however_many_they_are(open_town: ServiceRig):
    for number in range(3 * LEAST_REFUSED):
        await post(open_town, ALERT, token=f"a-guess-of-a-stranger-{number}")
    ((what, about),) = await conditions(open_town)
    assert (what, about) == ("strangers_refused", "the doors")
    assert len([fact for fact in open_town.facts if isinstance(fact, AlertsRefused)]) == 1
    assert len([fact for fact in open_town.facts if isinstance(fact, ConditionBegan)]) == 1


async def test_a_flood_of_refusals_leaves_a_few_lines(open_town: ServiceRig, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "tocsin")
    assert await post(open_town, [{**ALERT, "price": -number} for number in range(1, 2001)]) == 202
    assert await counted(open_town, "tocsin_alerts") == {("invalid", "price", "engine"): 2000}
    assert len(logged(caplog, "alert refused")) == 1
    assert len(caplog.records) <= 3  # that, and the condition


class Passing:
    """A clock for the log."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_of_each_kind_a_line_is_logged_now_and_then_with_how_many_were_left_out(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "tocsin")
    time = Passing()
    telemetry = Telemetry("test", time)
    for second in range(int(3 * EVERY_S)):
        time.now = float(second)
        for fault in ("price", "sku"):
            telemetry.hear(AlertInvalid(owner="engine", fault=fault, message=f"{fault}: is wrong"))
    lines = [(line["field"], line["left_out"]) for line in logged(caplog, "alert refused")]
    skipped = int(EVERY_S) - 1
    assert lines == [(fault, left_out) for left_out in (0, skipped, skipped) for fault in ("price", "sku")]


def test_the_labels_stay_few_whatever_comes(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL, "tocsin")
    telemetry = Telemetry("test", Passing())
    for number in range(10 * MOST_TOKENS):
        telemetry.hear(Turned("unauthorized", "revoked", f"token {number}", f"10.0.0.{number}"))
    refused = [line for line in telemetry.exposition().decode().splitlines() if line.startswith("tocsin_requests_ref")]
    assert len([line for line in refused if "_total{" in line]) == MOST_TOKENS + 1
    assert any('token="others"' in line and line.endswith(f" {9.0 * MOST_TOKENS}") for line in refused)
