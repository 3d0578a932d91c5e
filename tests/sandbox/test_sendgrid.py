"""Mails, their events and the mailboxes on the page, as the official client and a person at the page find them."""

import asyncio
import json
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.async_api import Browser, expect
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from tests.browser.visitor import barriers
from tests.material import SHARED, needs

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox
from tocsin.sandbox.sendgrid.account import SENDER, Account
from tocsin.sandbox.sendgrid.rules import faults_of

from .conftest import Sender

ADA = "ada@example.com"
SPEC = SHARED / "specs/sendgrid/tsg_mail_v3.json"
HOSTILE = "<img src=x onerror=\"document.title='broken in'\"></script>"


class Listener:
    """Our end of the events: it checks each call by the official library and keeps what it says."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.heard: list[dict[str, Any]] = []
        self.calls = self.forged = 0
        self.status = 200
        self.url = ""

    async def listen(self, request: web.Request) -> web.Response:
        judge, headers = EventWebhook(), request.headers
        body = await request.text()
        key = judge.convert_public_key_to_ecdsa(self.sandbox.sendgrid.account.event_key)
        signature, timestamp = (headers[f"X-Twilio-Email-Event-Webhook-{one}"] for one in ("Signature", "Timestamp"))
        self.calls += 1
        if not judge.verify_signature(body, signature, timestamp, key):
            self.forged += 1
            return web.Response(status=403)
        if self.status == 200:
            self.heard += json.loads(body)
        return web.Response(status=self.status)

    async def until(self, count: int) -> list[str]:
        await self.sandbox.journal.until(lambda: len(self.heard) >= count or None, 20)
        return [event["event"] for event in self.heard]


@pytest.fixture
async def quick() -> AsyncIterator[Sandbox]:
    """By the real clock, with a fast carrier."""
    async with Sandbox(limits=False) as sandbox:
        sandbox.sendgrid.lives.carrier_s = 0.0
        yield sandbox


@pytest.fixture
async def listener(quick: Sandbox) -> AsyncIterator[Listener]:
    listener = Listener(quick)
    application = web.Application()
    application.router.add_post("/hook", listener.listen)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    quick.sendgrid.poster.url = listener.url
    yield listener
    await runner.cleanup()


def a_mail(*people: str, **changes: Any) -> dict[str, Any]:
    told = {
        "from": {"email": SENDER, "name": "Restock Club"},
        "subject": "In stock: RTX 5090",
        "content": [{"type": "text/plain", "value": "Hello -name-"}, {"type": "text/html", "value": "<p>-name-</p>"}],
        "personalizations": [
            {"to": [{"email": to}], "substitutions": {"-name-": to}, "custom_args": {"tocsin_delivery": f"d-{to}"}}
            for to in people or (ADA,)
        ],
    }
    return told | changes


async def official(sandbox: Sandbox, body: Any, key: str | None = None) -> tuple[int, Any, Any]:
    """Status, headers and errors, as SendGrid's own client has them."""
    client = SendGridAPIClient(key or sandbox.sendgrid.account.key, host=sandbox.url)
    try:
        answer = await asyncio.to_thread(client.client.mail.send.post, body)
    except HTTPError as refused:
        return refused.status_code, refused.headers, json.loads(refused.body)["errors"]
    return answer.status_code, answer.headers, []


async def test_a_mail_lives_and_every_step_is_told_signed(quick: Sandbox, listener: Listener) -> None:
    status, headers, _ = await official(quick, a_mail(ADA, "bob@example.com"))
    assert status == 202
    mail = await quick.sendgrid.expect(ADA, "RTX 5090")
    assert (mail.text, mail.html, mail.id) == (f"Hello {ADA}", f"<p>{ADA}</p>", headers["X-Message-Id"])
    assert await listener.until(4) == ["processed", "processed", "delivered", "delivered"]
    assert listener.calls <= 2  # what happens together is told together
    assert {event["tocsin_delivery"] for event in listener.heard} == {f"d-{ADA}", "d-bob@example.com"}
    assert all(event["sg_message_id"].startswith(f"{mail.id}.") for event in listener.heard)
    assert len({event["sg_event_id"] for event in listener.heard}) == 4
    (sent,) = quick.journal.accepted("sendgrid", "send")
    assert (sent.references, sent.message) == ((f"d-{ADA}", "d-bob@example.com"), mail.id)


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("bounce", ["processed", "bounce"]),
        ("blocked", ["processed", "bounce"]),
        ("deferred", ["processed", "deferred", "delivered"]),
        ("dropped", ["dropped"]),
    ],
)
async def test_what_stands_before_the_at_says_how_it_ends(
    quick: Sandbox, listener: Listener, name: str, events: list[str]
) -> None:
    await official(quick, a_mail(f"{name}@example.com"))
    assert await listener.until(len(events)) == events
    assert listener.heard[-1].get("type", name) == name
    listener.heard.clear()
    await official(quick, a_mail(f"{name}@example.com"))
    first, *_ = await listener.until(1)
    assert first == ("dropped" if name in ("bounce", "dropped") else "processed")


async def test_who_complains_is_on_the_list_until_taken_off_it(
    quick: Sandbox, listener: Listener, sender: Sender
) -> None:
    await official(quick, a_mail())
    quick.sendgrid.complain(await quick.sendgrid.expect(ADA, "RTX"))
    login = {"Authorization": f"Bearer {quick.sendgrid.account.key}"}
    listed = await sender.call("GET", f"{quick.url}/v3/suppression/spam_reports", headers=login)
    assert [one["email"] for one in listed[1]] == [ADA]
    await official(quick, a_mail())
    assert "dropped" in await listener.until(4)
    assert listener.heard[-1]["reason"] == "Spam Reporting Address"
    assert (await sender.call("DELETE", f"{quick.url}/v3/suppression/spam_reports/{ADA}", headers=login))[0] == 204
    assert quick.sendgrid.account.why_not_to(ADA) is None


async def test_events_that_nobody_took_are_told_again(quick: Sandbox, listener: Listener) -> None:
    quick.sendgrid.poster.held = True
    await official(quick, a_mail())
    await quick.journal.until(lambda: len(quick.sendgrid.poster.waiting) == 2 or None, 20)
    listener.status = 503
    assert [one.taken for one in await quick.sendgrid.poster.release()] == [False]
    assert listener.heard == []
    assert listener.forged == 0


def _person(**changes: Any) -> dict[str, Any]:
    return {"personalizations": [{"to": [{"email": ADA}], **changes}]}


REFUSED: list[tuple[dict[str, Any], str | None]] = [
    ({"personalizations": []}, "personalizations"),
    ({"personalizations": None}, "personalizations"),
    ({"personalizations": [{}]}, "personalizations.0.to"),
    (_person(to=[]), "personalizations.0.to"),
    (_person(to=[{"email": "nobody"}]), "personalizations.0.to.0.email"),
    (_person(to=[{"email": "a b@example.com"}]), "personalizations.0.to.0.email"),
    (_person(to=[{"email": ADA}, {"email": ADA.upper()}]), "personalizations"),
    (_person(substitutions={"-a-": "x" * 10_001}), "personalizations.0.substitutions"),
    (_person(substitutions={"-a-": 5}), "personalizations.0.substitutions"),
    (_person(custom_args={"a": "x" * 10_001}), "personalizations.0.custom_args"),
    (_person(headers={"Subject": "x"}), "personalizations.0.headers.Subject"),
    (_person(headers={"X-A": "a\r\nBcc: b"}), "personalizations.0.headers.X-A"),
    (_person(headers={"X A": "a"}), "personalizations.0.headers.X A"),
    (_person(unknown=1), "personalizations.0.unknown"),
    ({"from": None}, "from.email"),
    ({"from": {"email": "nobody"}}, "from.email"),
    ({"subject": ""}, "subject"),
    ({"subject": "a\r\nBcc: b@example.com"}, "subject"),
    ({"content": []}, "content"),
    ({"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]}, "content"),
    ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
    ({"template_id": "d-unknown", **_person()}, "template_id"),
    ({"categories": list(map(str, range(11)))}, "categories"),
    ({"unknown": 1}, "unknown"),
    ({"personalizations": [{"to": [{"email": f"p{n}@example.com"}]} for n in range(1001)]}, "personalizations"),
]


async def test_what_is_wrong_is_refused_with_the_field_that_it_names(quick: Sandbox) -> None:
    for changes, field in REFUSED:
        status, _, errors = await official(quick, a_mail(**changes))
        assert (status, errors[0]["field"]) == (400, field), changes
    assert quick.sendgrid.account.mails == []


async def test_the_account_is_asked_before_the_mail_and_after(quick: Sandbox) -> None:
    account = quick.sendgrid.account
    wrong = await official(quick, a_mail(), key="SG.wrong")
    account.credits = 1
    spent = await official(quick, a_mail(ADA, "bob@example.com"))
    assert (wrong[0], spent[0]) == (401, 401)
    assert [one[2][0]["message"] for one in (wrong, spent)] == [
        "The provided authorization grant is invalid, expired, or revoked",
        "Maximum credits exceeded",
    ]
    assert (await official(quick, a_mail(**{"from": {"email": "other@example.com"}})))[0] == 403
    quick.sendgrid.largest = 100
    assert (await official(quick, a_mail()))[0] == 413
    quick.sendgrid.largest = 10_000
    assert (await official(quick, a_mail()))[0] == 202
    assert account.credits == 0


async def test_the_limit_is_told_in_headers_and_no_wait_is(clock: ManualClock, sandbox: Sandbox) -> None:
    told = [await official(sandbox, a_mail()) for _ in range(2)]
    assert [one[1]["X-RateLimit-Remaining"] for one in told] == ["599", "598"]
    for _ in range(598):
        assert sandbox.sendgrid._bucket is not None
        sandbox.sendgrid._bucket.take(clock.monotonic())
    status, headers, _ = await official(sandbox, a_mail())
    assert (status, headers["Retry-After"]) == (429, None)
    assert int(headers["X-RateLimit-Reset"]) == int(clock.now().timestamp()) + 60


FIELDS = st.sampled_from(["personalizations", "from", "subject", "content", "categories", "template_id"])
VALUES = st.sampled_from([None, 7, "", "x", [], {}, [None], [{}], {"email": 5}, [{"to": [{"email": ADA}]}]])


@needs(SPEC)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FIELDS, VALUES)
def test_it_is_as_strict_as_the_official_specification(field: str, value: Any) -> None:
    """What the specification refuses is refused here, too."""
    document = json.loads(SPEC.read_text())
    reference = {"$ref": "#/components/requestBodies/PostMailSend/content/application~1json/schema"}
    body = deepcopy(a_mail()) | {field: value}
    if not jsonschema.Draft202012Validator({**document, **reference}).is_valid(body):
        assert list(faults_of(body, Account())) != []


async def test_a_mail_is_drawn_in_a_frame_that_runs_nothing_beside_its_text(chromium: Browser) -> None:
    html = (
        "<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) !important } }</style>"
        f'<p style="color:rgb(9, 9, 9)">hello</p>{HOSTILE}<script>parent.document.title = "broken in"</script>'
    )
    content = [{"type": "text/plain", "value": f"Text {HOSTILE}"}, {"type": "text/html", "value": html}]
    async with Sandbox(limits=False) as sandbox:
        sandbox.sendgrid.lives.carrier_s = 0.0
        await official(sandbox, a_mail(content=content, subject=f"Subject {HOSTILE}"))
        await sandbox.sendgrid.expect(ADA, "Subject")
        page = await chromium.new_page()
        await page.goto(sandbox.url)
        await page.get_by_role("button", name=ADA).click()
        await expect(page.locator(".mail .subject")).to_have_text(f"Subject {HOSTILE}")
        await expect(page.locator(".mail pre")).to_have_text(f"Text {HOSTILE}")
        shown = page.frame_locator(".mail iframe").locator("p")
        await expect(shown).to_have_css("color", "rgb(9, 9, 9)")
        await page.get_by_role("button", name="Dark").click()
        await expect(shown).to_have_css("color", "rgb(1, 2, 3)")
        wide = await page.locator(".mail iframe").bounding_box()
        await page.get_by_role("button", name="Narrow").click()
        await expect(page.locator(".mail iframe")).to_have_class("narrow dark")
        narrow = await page.locator(".mail iframe").bounding_box()
        assert wide is not None
        assert narrow is not None
        assert narrow["width"] == 360 < wide["width"]
        assert await page.title() == "Tocsin sandbox"
        assert await barriers(page) == []
        await page.get_by_role("button", name="Spam").click()
        await expect(page.locator(".mail .opened")).to_contain_text("Spam: done")
        assert sandbox.sendgrid.account.why_not_to(ADA) == "Spam Reporting Address"
        await page.close()


async def test_the_frame_of_a_mail_has_rules_of_its_own(quick: Sandbox, sender: Sender) -> None:
    await official(quick, a_mail())
    await quick.sendgrid.expect(ADA, "RTX")
    async with sender.http.get(f"{quick.url}/mail/sendgrid-0") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert (answer.status, "sandbox allow-popups" in policy, "script-src" in policy) == (200, True, False)
        assert policy.startswith("default-src 'none'")
    assert (await sender.call("GET", f"{quick.url}/mail/sendgrid-7"))[0] == 404
    assert (await sender.call("POST", f"{quick.url}/mails", {"mail": "smtp-0", "do": "spam"}))[0] == 400
    assert (await sender.call("PUT", f"{quick.url}/events/address", {"url": "file:///x"}))[0] == 400
