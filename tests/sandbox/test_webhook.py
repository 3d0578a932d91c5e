"""The simulated receiver holds senders to Standard Webhooks, judged by the official library's signatures."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from standardwebhooks.webhooks import Webhook as Official

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.webhook.receiver import secret_for

from .conftest import Sender

BODY = '{"type":"alert.in_stock","data":{"product_name":"RTX 5090"}}'


class Posting:
    """Somebody who signs as the official library does."""

    def __init__(self, sender: Sender, clock: ManualClock) -> None:
        self._sender = sender
        self._clock = clock

    async def post(
        self,
        identifier: str = "msg-1",
        *,
        path: str = "partner",
        secret: str = secret_for("partner"),
        late: float = 0,
        body: str = BODY,
        **headers: str | None,
    ) -> tuple[int, Any]:
        moment = self._clock.now() - timedelta(seconds=late)
        told = {
            "webhook-id": identifier,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Official(secret).sign(identifier, moment, body),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in told.items() if value is not None}
        url = f"{self._sender.sandbox.url}/hooks/{path}"
        status, said, _ = await self._sender.call("POST", url, data=body, headers=sent)
        return status, said


@pytest.fixture
def posting(sender: Sender, clock: ManualClock) -> Posting:
    return Posting(sender, clock)


async def test_what_is_signed_is_received(sandbox: Sandbox, posting: Posting) -> None:
    assert await posting.post() == (200, {"status": "success"})
    assert (await sandbox.webhook.expect("partner", "RTX 5090"))["type"] == "alert.in_stock"
    (entry,) = sandbox.journal.accepted("webhook", "deliver")
    assert (entry.target, entry.references) == ("partner", ("msg-1",))


async def test_a_repeat_is_answered_and_dropped(sandbox: Sandbox, posting: Posting) -> None:
    for late in (0, 1, 2):
        assert (await posting.post(late=late))[0] == 200
    hook = sandbox.webhook.hook("partner")
    assert (len(hook.received), hook.dropped) == (1, 2)
    assert not sandbox.journal.repeated("webhook")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"secret": secret_for("other")}, 401),
        ({"webhook_signature": None}, 401),
        ({"webhook_signature": "v1,"}, 401),
        ({"webhook_signature": "v1a,AAAA v2,AAAA nonsense"}, 401),
        ({"webhook_id": "msg-2"}, 401),
        ({"webhook_id": None}, 400),
        ({"webhook_timestamp": None}, 400),
        ({"webhook_timestamp": "soon"}, 400),
        ({"late": 301}, 400),
        ({"late": -301}, 400),
        ({"late": 300}, 200),
        ({"body": "not json"}, 400),
        ({"path": "partner/elsewhere"}, 404),
    ],
)
async def test_a_request_that_is_not_right_is_refused(
    sandbox: Sandbox, posting: Posting, changes: dict[str, Any], status: int
) -> None:
    assert (await posting.post(**changes))[0] == status
    assert len(sandbox.webhook.hook("partner").received) == int(status == 200)


async def test_any_secret_of_a_hook_is_taken_and_any_signature_of_a_request(
    sandbox: Sandbox, posting: Posting, clock: ManualClock
) -> None:
    sandbox.webhook.hook("partner").secrets = [secret_for("old"), secret_for("new")]
    assert (await posting.post("msg-1", secret=secret_for("old")))[0] == 200
    assert (await posting.post("msg-2", secret=secret_for("new")))[0] == 200
    both = " ".join(Official(secret_for(name)).sign("msg-3", clock.now(), BODY) for name in ("strange", "new"))
    assert (await posting.post("msg-3", webhook_signature=both))[0] == 200


async def test_a_plain_hook_takes_everything_and_keeps_every_repeat(sandbox: Sandbox, posting: Posting) -> None:
    for _ in range(2):
        assert (await posting.post(path="partner/plain", webhook_signature=None))[0] == 200
    assert len(sandbox.webhook.hook("partner").received) == 2
    assert sandbox.journal.repeated("webhook") == {"msg-1": 2}


async def test_a_hook_that_is_gone_says_so(sandbox: Sandbox, posting: Posting) -> None:
    sandbox.webhook.hook("partner").gone = True
    assert (await posting.post())[0] == 410


async def test_faults_strike_a_hook_by_its_name(sandbox: Sandbox, posting: Posting) -> None:
    sandbox.faults.next("webhook", Fault.status(503).taken(), target="partner")
    assert (await posting.post(path="other", secret=secret_for("other")))[0] == 200
    assert (await posting.post())[0] == 503
    assert (await posting.post())[0] == 200
    assert sandbox.webhook.hook("partner").dropped == 1


async def test_the_page_shows_a_hook_harmlessly_and_orders_faults_for_it(
    chromium: Browser, sandbox: Sandbox, posting: Posting
) -> None:
    page = await chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    await page.goto(sandbox.url)
    await expect(page.locator("#link")).to_have_text("Live")
    await expect(page.locator("#hooks-card")).to_be_hidden()
    await posting.post(body='{"name": "<img src=x onerror=alert(1)></script>"}')
    await expect(page.locator("#hooks li")).to_contain_text("partner 1 received, 0 repeats dropped, 0 refused")
    await expect(page.locator("#hooks code").nth(0)).to_have_text(secret_for("partner"))
    await expect(page.locator("#hooks code").nth(1)).to_contain_text("<img src=x onerror=alert(1)></script>")
    await page.select_option("#target", "webhook:partner")
    await page.click("text=Add")
    await expect(page.locator("#faults li")).to_have_text("status 503, partner, 1 left")
    assert [line["provider"] for line in sandbox.faults.listed()] == ["webhook"]
    assert (await page.title(), complaints) == ("Tocsin sandbox", [])
