"""The simulated Firebase: as strict as the real one, and lock screens as phones have them."""

import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from playwright.async_api import Browser, expect
from tests.channels.firebase.test_message import camel, schema_of
from tests.material import FCM_SPEC, needs

from tocsin.channels.firebase.account import ServiceAccount
from tocsin.channels.firebase.grant import Grant
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox
from tocsin.sandbox.firebase.project import EMAIL, PROJECT
from tocsin.sandbox.firebase.refusal import RefusedError
from tocsin.sandbox.firebase.rules import check

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = generate_private_key(public_exponent=65537, key_size=2048)
MESSAGE: dict[str, Any] = {
    "notification": {"title": "t", "body": "b", "image": "https://img.example/x.jpg"},
    "data": {"a": "b"},
    "android": {
        "priority": "HIGH", "ttl": "60s", "collapse_key": "k",
        "notification": {"tag": "t", "channel_id": "c", "event_time": "2026-11-20T14:00:00Z", "color": "#aabbcc",
                         "notification_priority": "PRIORITY_HIGH", "sticky": True, "notification_count": 3},
    },
    "apns": {
        "headers": {"apns-priority": "10", "apns-collapse-id": "k"},
        "payload": {"aps": {"thread-id": "x", "interruption-level": "passive", "mutable-content": 1}},
        "fcm_options": {"image": "https://img.example/x.jpg"},
    },
    "webpush": {"headers": {"TTL": "15"}, "fcm_options": {"link": "https://x.example"}},
    "fcm_options": {"analytics_label": "in_stock"},
}  # fmt: skip


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock) as sandbox:
        sandbox.firebase.project.key = KEY
        yield sandbox


class Post:
    def __init__(self, http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.http = http
        self.sandbox = sandbox

    async def token(self, assertion: str, grant: str = GRANT) -> tuple[int, Any]:
        body = urlencode({"grant_type": grant, "assertion": assertion})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self.http.post(f"{self.sandbox.url}/firebase/token", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def send(self, message: Any, token: str | None = None, project: str = PROJECT) -> tuple[int, Any]:
        bearer = self.sandbox.firebase.project.give_token() if token is None else token
        where = f"{self.sandbox.url}/v1/projects/{project}/messages:send"
        headers = {"Authorization": f"Bearer {bearer}"}
        async with self.http.post(where, json={"message": message}, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def post(server: Sandbox) -> AsyncIterator[Post]:
    async with aiohttp.ClientSession() as http:
        yield Post(http, server)


def word(clock: ManualClock, **changes: Any) -> str:
    """What our own channel signs."""
    told = {"project": PROJECT, "email": EMAIL, "key": KEY, "key_id": None, "token_uri": "http://127.0.0.1"} | changes
    return Grant(ServiceAccount(**told), Transport(), clock)._assertion()


async def test_a_signed_word_becomes_a_token_that_ends(post: Post, clock: ManualClock):
    status, told = await post.token(word(clock))
    assert (status, told["token_type"], told["expires_in"]) == (200, "Bearer", 3599)
    phone = post.sandbox.firebase.phone("Ada's")
    assert (await post.send({"token": phone.address}, told["access_token"]))[0] == 200
    clock.advance(3600)
    status, told = await post.send({"token": phone.address}, told["access_token"])
    assert (status, told["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "details" not in told["error"]


async def test_a_word_that_is_not_right_is_refused(post: Post, clock: ManualClock):
    other = generate_private_key(public_exponent=65537, key_size=2048)
    old = word(clock)
    for assertion, said in (
        (word(clock, key=other), "Invalid JWT Signature."),
        (word(clock, key_id="another"), "Invalid JWT Signature."),
        (word(clock, email="x@y.example"), "account not found"),
        ("a.b.c", "Failed to parse"),
        ("", "Failed to parse"),
    ):
        status, told = await post.token(assertion)
        assert (status, told["error"]) == (400, "invalid_grant")
        assert said in told["error_description"]
    clock.advance(2 * 3600)
    assert "reasonable timeframe" in (await post.token(old))[1]["error_description"]
    assert (await post.token(word(clock), "password"))[1]["error"] == "unsupported_grant_type"


def changed(path: str, value: Any) -> dict[str, Any]:
    message = copy.deepcopy(MESSAGE)
    *way, last = path.split(".")
    place = message
    for name in way:
        place = place[name]
    place[last] = value
    return {"message": {"token": "x", **message}}


# By the path: one value that the official description takes as well, and one that neither takes.
FORM = {
    "notification.title": ("x", 5),
    "notification.nonsense": (None, "x"),
    "data.a": ("x", {"b": "c"}),
    "android.priority": ("NORMAL", "URGENT"),
    "android.ttl": ("1.5s", 60),
    "android.nonsense": (None, 1),
    "android.notification.tag": ("x", 1),
    "android.notification.notification_priority": ("PRIORITY_LOW", "PRIORITY_HUGE"),
    "android.notification.sticky": (False, "yes"),
    "android.notification.notification_count": (1, "1x"),
    "android.notification.visibility": ("PUBLIC", "SOME"),
    "android.notification.body_loc_args": (["a"], "a"),
    "apns.headers": ({"apns-priority": "5"}, ["x"]),
    "apns.payload": ({"aps": {}}, "x"),
    "apns.nonsense": (None, 1),
    "webpush.headers": ({"TTL": "1"}, 5),
    "fcm_options.analytics_label": ("x", 5),
    "topic": (None, 5),
}


@needs(FCM_SPEC)
@pytest.mark.parametrize("path", FORM)
def test_the_form_is_judged_as_the_official_description_does(path: str):
    schema = schema_of(json.loads(FCM_SPEC.read_text()))
    good, bad = FORM[path]
    if good is not None:
        check(changed(path, good))
        jsonschema.validate(camel(changed(path, good)), schema)
    with pytest.raises(RefusedError):
        check(changed(path, bad))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(camel(changed(path, bad)), schema)


# What the description says in words alone.
WORDS = {
    "data.from": "x",
    "data.google.x": "x",
    "android.ttl": "2419201s",
    "android.notification.color": "red",
    "android.notification.event_time": "yesterday",
    "notification.image": "http://img.example/x.jpg",
    "apns.headers.apns-collapse-id": "x" * 65,
    "apns.headers.apns-priority": "7",
    "apns.payload.aps.interruption-level": "loud",
    "webpush.fcm_options.link": "http://x.example",
    "fcm_options.analytics_label": "a b",
    "fid": "also",
    "notification.body": "x" * 4100,
}


@pytest.mark.parametrize("path", WORDS)
def test_what_the_description_says_in_words_is_held_as_well(path: str):
    check(changed("data.a", "x"))
    *way, last = path.split(".") if path != "data.google.x" else ("data", "google.x")
    told = copy.deepcopy(MESSAGE) | {"token": "x"}
    place = told
    for name in way:
        place = place[name]
    place[last] = WORDS[path]
    with pytest.raises(RefusedError) as refused:
        check({"message": told})
    assert refused.value.answer.status == 400


def test_both_spellings_of_a_field_are_taken():
    check(camel({"message": {"token": "x", **MESSAGE}}))


async def test_what_is_wrong_is_told_by_its_field_and_an_address_by_a_code(post: Post):
    phone = post.sandbox.firebase.phone("Ada's")
    status, told = await post.send({"token": phone.address, "android": {"ttl": 5}})
    (detail,) = told["error"]["details"]
    assert (status, detail["fieldViolations"][0]["field"]) == (400, "message.android.ttl")
    for address, status, code in (("short", 400, "INVALID_ARGUMENT"), ("e" * 22, 404, "UNREGISTERED")):
        answered, told = await post.send({"fid": address})
        assert (answered, told["error"]["details"][0]["errorCode"]) == (status, code)
    assert (await post.send({"token": phone.address}, project="another"))[0] == 403
    assert (await post.send({"topic": "x"}))[0] == 400


async def test_a_device_has_quotas(post: Post, clock: ManualClock):
    phone = post.sandbox.firebase.phone("Ada's")
    message = {"token": phone.address, "android": {"collapse_key": "k"}}
    said = [(await post.send(message))[0] for _ in range(21)]
    assert said == [200] * 20 + [429]
    clock.advance(181)
    assert (await post.send(message))[0] == 200


def told_of(address: str, tag: str, group: str, title: str) -> dict[str, Any]:
    return {
        "token": address, "notification": {"title": title, "body": "b"}, "data": {"alert_id": title, "group": group},
        "android": {"notification": {"tag": tag, "sound": "default"}},
        "apns": {"headers": {"apns-collapse-id": tag}, "payload": {"aps": {"thread-id": group, "sound": "default"}}},
    }  # fmt: skip


async def test_an_iphone_stacks_by_thread_and_an_android_phone_bundles_from_four_on(post: Post):
    for platform, groups in (("ios", [["d"], ["c", "b", "a"]]), ("android", [["d", "c", "b", "a"]])):
        phone = post.sandbox.firebase.phone(f"{platform} phone", platform)
        for tag, group in (("a", "one"), ("b", "one"), ("c", "one"), ("d", "two")):
            assert (await post.send(told_of(phone.address, tag, group, tag)))[0] == 200
        assert [[card.title for card in group] for group in phone.device.screen.groups()] == groups
        await post.send(told_of(phone.address, "b", "one", "b again"))
        assert phone.device.screen.titles() == ["b again", "d", "c", "a"]


async def test_the_page_draws_lock_screens_and_runs_nothing_of_what_comes(post: Post, chromium: Browser):
    hostile = "<img src=x onerror=\"document.title='broken in'\">"
    phone = post.sandbox.firebase.phone("iPhone 17", "ios")
    for tag in ("a", "b"):
        await post.send(told_of(phone.address, tag, "one", f"{tag} {hostile}"))
    page = await chromium.new_page()
    await page.goto(post.sandbox.url)
    await page.get_by_role("button", name="iPhone 17").click()
    await expect(page.locator(".card strong")).to_have_text([f"b {hostile}"])
    await expect(page.get_by_text("and 1 more of this product")).to_be_visible()
    await page.get_by_role("button", name="Uninstall the app").click()
    await expect(page.locator("#where")).to_contain_text("the app is gone")
    assert await page.title() == "Tocsin sandbox"
    assert (await post.send(told_of("e" * 22, "c", "one", "c")))[0] == 404


ORDERS: dict[str, Callable[[str], Any]] = {
    "a name": lambda _: {"name": "x" * 41},
    "a platform": lambda name: {"name": name, "platform": "symbian"},
    "a way": lambda name: {"name": name, "by": "fax"},
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("what", ORDERS)
async def test_an_order_that_makes_no_sense_is_refused(post: Post, what: str):
    async with post.http.post(f"{post.sandbox.url}/devices", json=ORDERS[what]("phone")) as answer:
        assert answer.status == 400


async def test_devices_are_made_and_changed_by_orders(post: Post):
    base = f"{post.sandbox.url}/devices"
    async with post.http.post(base, json={"name": "Pixel 9", "by": "fid"}) as answer:
        made = await answer.json()
    assert (made["kind"], len(made["value"])) == ("fid", 22)
    for order in ({"on": False}, {"answers": "UNAVAILABLE"}, {"cleared": True}):
        async with post.http.post(f"{base}/Pixel 9", json=order) as answer:
            assert answer.status == 200
    assert (await post.send({"fid": made["value"]}))[0] == 503
    for order, name in (({"answers": "NONSENSE"}, "Pixel 9"), ({}, "nobody")):
        async with post.http.post(f"{base}/{name}", json=order) as answer:
            assert answer.status == 400
