"""The simulated push service takes what the official library sends, and refuses what the real ones would."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from playwright.async_api import Browser, expect
from py_vapid import Vapid02

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox

from .conftest import Sender

NOTE = {"web_push": 8030, "notification": {"title": "RTX 5090", "body": "In stock", "tag": "t", "data": {"id": "d1"}}}


class Pushing:
    """Somebody who encrypts and signs as the official library does."""

    def __init__(self, sender: Sender, clock: ManualClock) -> None:
        self._sender = sender
        self._clock = clock
        self._vapid = Vapid02(conf={"no-strict": True})
        self._vapid.generate_keys()

    async def push(
        self, name: str = "ada", content: Any = NOTE, *, claims: Mapping[str, Any] | None = None, **headers: str | None
    ) -> tuple[int, Any, Any]:
        subscription = self._sender.sandbox.browser.browser(name).subscription
        body = sealed(subscription["keys"], json.dumps(content).encode())
        told = {
            "TTL": "60",
            "Content-Encoding": "aes128gcm",
            "Authorization": self.signed(claims or {})["Authorization"],
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in told.items() if value is not None}
        return await self._sender.call("POST", subscription["endpoint"], data=body, headers=sent)

    async def take_back(self, message: str) -> int:
        return (await self._sender.call("DELETE", message, headers=self.signed({})))[0]

    def signed(self, claims: Mapping[str, Any]) -> dict[str, str]:
        exp = int((self._clock.now() + timedelta(hours=12)).timestamp())
        told = {"aud": self._sender.sandbox.url, "exp": exp, "sub": "mailto:ops@example.org"} | dict(claims)
        return dict(self._vapid.sign({name: value for name, value in told.items() if value is not None}))


def sealed(keys: Mapping[str, str], content: bytes) -> bytes:
    point, auth = (base64.urlsafe_b64decode(keys[name] + "==") for name in ("p256dh", "auth"))
    own = generate_private_key(SECP256R1())
    return bytes(http_ece.encrypt(content, private_key=own, dh=point, auth_secret=auth, version="aes128gcm"))


@pytest.fixture
def pushing(sender: Sender, clock: ManualClock) -> Pushing:
    return Pushing(sender, clock)


async def test_what_the_official_library_sends_is_shown(sandbox: Sandbox, pushing: Pushing) -> None:
    status, _, headers = await pushing.push(Topic="t", Urgency="high")
    assert (status, headers["TTL"]) == (201, "60")
    assert headers["Location"].startswith(f"{sandbox.url}/wpush/m/")
    assert (await sandbox.browser.screen("ada").expect("RTX 5090"))["body"] == "In stock"
    (entry,) = sandbox.journal.accepted("browser", "push")
    assert (entry.target, entry.references) == ("ada", ("d1",))


@pytest.mark.parametrize(
    ("headers", "status", "errno"),
    [
        ({"TTL": None}, 400, 111),
        ({"TTL": "-1"}, 400, 111),
        ({"Topic": "x" * 33}, 400, 113),
        ({"Topic": "not/url"}, 400, 113),
        ({"Urgency": "urgent"}, 400, 110),
        ({"Content_Encoding": "aesgcm"}, 400, 110),
        ({"Authorization": None}, 401, 109),
        ({"Authorization": "vapid t=a.b.c,k=d"}, 403, None),
    ],
)
async def test_what_is_wrong_is_refused_as_it_would_be(
    sandbox: Sandbox, pushing: Pushing, headers: dict[str, str | None], status: int, errno: int | None
) -> None:
    got, told, _ = await pushing.push(**headers)
    assert (got, told.get("errno")) == (status, errno)
    assert sandbox.browser.screen("ada").shown == []


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://push.example"},
        {"sub": "mailto:ops@localhost"},
        {"sub": "https://box"},
        {"exp": 1},
        {"exp": 2_000_000_000},
    ],
)
async def test_a_token_that_is_wrong_is_refused_as_apple_does(pushing: Pushing, claims: dict[str, Any]) -> None:
    told = pushing.signed({})["Authorization"]
    assert (await pushing.push(Authorization=told))[0] == 201
    status, said, _ = await pushing.push(claims=claims)
    assert (status, said) == (403, {"reason": "BadJwtToken"})


async def test_a_browser_is_bound_to_the_first_key_and_knows_who_may_push(
    sandbox: Sandbox, sender: Sender, clock: ManualClock
) -> None:
    assert (await Pushing(sender, clock).push())[0] == 201
    assert (await Pushing(sender, clock).push())[0] == 403
    sandbox.browser.browser("ada").gone = True
    pushing = Pushing(sender, clock)
    sandbox.browser.browser("ada").server_key = None
    assert (await pushing.push())[0] == 410
    assert (await sender.call("POST", f"{sandbox.url}/wpush/v2/nobody"))[0] == 404


async def test_what_nobody_could_read_is_refused(pushing: Pushing, sandbox: Sandbox, sender: Sender) -> None:
    endpoint = sandbox.browser.browser("ada").endpoint
    headers = {"TTL": "60", "Content-Encoding": "aes128gcm", **pushing.signed({})}
    for body in (b"", b"x" * 200, sealed(sandbox.browser.browser("bob").subscription["keys"], b"{}")):
        status, told, _ = await sender.call("POST", endpoint, data=body, headers=headers)
        assert (status, told["errno"]) == (400, 110)
    assert (await sender.call("POST", endpoint, data=b"x" * 4097, headers=headers))[0] == 413


async def test_what_waits_is_replaced_taken_back_or_grows_too_old(
    sandbox: Sandbox, pushing: Pushing, clock: ManualClock
) -> None:
    browser = sandbox.browser.browser("ada")
    browser.online = False
    await pushing.push(Topic="one")
    _, _, headers = await pushing.push(Topic="one")
    assert len(browser.waiting) == 1
    assert await pushing.take_back(headers["Location"]) == 204
    assert await pushing.take_back(headers["Location"]) == 404
    await pushing.push(TTL="0")
    await pushing.push(TTL="10", Topic="two")
    clock.advance(11)
    sandbox.browser.come("ada")
    assert browser.pushes == []
    sandbox.browser.takes_back = False
    assert await pushing.take_back(headers["Location"]) == 405


async def test_the_page_shows_browsers_and_somebody_takes_the_permission_back(
    sandbox: Sandbox, pushing: Pushing, sender: Sender, chromium: Browser
) -> None:
    await pushing.push(content={**NOTE, "notification": {**NOTE["notification"], "title": "<b>RTX</b>"}})
    page = await chromium.new_page()
    await page.goto(sandbox.url)
    await page.get_by_role("button", name="ada").click()
    await expect(page.locator("#messages")).to_contain_text("<b>RTX</b>")
    await sender.call("PUT", f"{sandbox.url}/browsers/ada", {"gone": True})
    assert sandbox.browser.browser("ada").gone
    status, told, _ = await sender.call("POST", f"{sandbox.url}/browsers/ada", {"server_key": "K"})
    assert (status, told["endpoint"]) == (200, sandbox.browser.browser("ada").endpoint)
    for wrong in ({}, {"online": 3}, []):
        assert (await sender.call("PUT", f"{sandbox.url}/browsers/ada", wrong))[0] == 400
