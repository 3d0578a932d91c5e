"""Who gets in, and what comes in from outside."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import TOKEN, ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


HOSTILE = (
    "<img src=x onerror=violations.push(1)>",
    "</script><script>violations.push(1)</script>",
    "<svg/onload=violations.push(1)>",
    "{@html '<b>x</b>'} ${violations.push(1)} {{7*7}}",
    "@everyone \"><iframe srcdoc='<script>parent.violations.push(1)</script>'>",
    "' style='position:fixed;inset:0' onmouseover='violations.push(1)",
)


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_from_outside_stay_text(visitor: Visitor, town: ServiceRig, name: str):
    await visitor.open()
    await town.report(
        name, url=None, sku=name, retailer=name[:64], variant=name, seller=name, metadata={"stock": name, "x": name}
    )
    await visitor.sees(name)
    await visitor.names.first.click()
    await expect(visitor.details.get_by_role("heading", level=2)).to_have_text(name)
    await visitor.details.get_by_text("Metadata").click()
    # The page itself places its rows, and styles nothing within them.
    strangers = ":is(main, aside) :is(script, iframe, [onerror], [onload], [onmouseover]), :is(article, aside) [style]"
    await expect(visitor.page.locator(strangers)).to_have_count(0)


async def test_the_token_leaves_the_address_and_stays_in_the_tab(visitor: Visitor):
    await visitor.open("?bands=high")
    assert visitor.page.url.endswith("/?bands=high")
    await visitor.page.reload()
    await visitor.sees_state("live")
    stored = await visitor.page.evaluate(
        "[localStorage, sessionStorage, {cookie: document.cookie}].map(JSON.stringify)"
    )
    assert [TOKEN in place for place in stored] == [False, True, False]


async def test_without_a_token_the_page_says_how_to_get_in(visitor: Visitor, town: ServiceRig):
    await town.report("RTX 5090")
    await visitor.page.goto(town.alerts.url)
    await expect(visitor.page.get_by_text("tocsin token create guest --scope read --link")).to_be_visible()
    await visitor.page.get_by_label("Link or token").fill(f"{town.alerts.url}/#token={TOKEN}")
    await visitor.button("Open").click()
    await visitor.sees("RTX 5090")


async def test_a_token_that_is_not_known_is_refused_once_and_forgotten(visitor: Visitor, town: ServiceRig):
    await visitor.page.goto(f"{town.alerts.url}/#token=somebody-elses")
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    assert await visitor.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("scope", ["ingest", "contacts"])
async def test_a_token_for_other_things_is_told_what_it_lacks(visitor: Visitor, town: ServiceRig, scope: str):
    made = await town.call("POST", "/api/v1/tokens", {"name": "engine", "scopes": [scope]}, status=201)
    await visitor.page.goto(f"{town.alerts.url}/#token={made['token']}")
    await expect(visitor.page.get_by_role("heading", name="This link may not read")).to_be_visible()
    await expect(visitor.page.get_by_role("alert")).to_contain_text(re.compile("needs .*scope"))
    await expect(visitor.page.locator("[data-connection]")).to_have_count(0)
    assert await visitor.barriers() == []


async def test_who_is_shut_out_while_watching_sees_why(visitor: Visitor, town: ServiceRig):
    wanted = {"name": "guest", "scopes": ["read"]}
    made = await town.call("POST", "/api/v1/tokens", wanted, status=201)
    await visitor.open(token=made["token"])
    await town.call("DELETE", f"/api/v1/tokens/{made['id']}", status=200)
    await expect(visitor.page.get_by_text("This link does not open the door")).to_be_visible()
