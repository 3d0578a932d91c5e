"""From an alert on several channels to what it brought: clicks, purchases, what is corrected and what is taken back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.program import free_port
from tests.story.service_rig import ServiceRig
from tests.story.test_people import PHONE, texts_of

from tocsin import Receipt
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import DeliveryMoved

PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0", "Accept-Language": "en"}
BOT = {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Accept-Language": "en"}
SHOP = {"bestbuy": {"name": "Best Buy", "link": "https://shop.example/c/1?subId1={click}&u={url}"}}
REPORT = "Id,State,Amount,Payout,Currency,EventDate,SubId1,CampaignName,Oid\n"


async def selling(town: ServiceRig, clock: ManualClock) -> None:
    """Everybody hears of everything: Discord's readers, and Ada by text."""
    port = free_port()
    await town.open(
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        alerts={"channels": {"discord": discord_of(town), "sms": texts_of(town)}},
        retailers=SHOP,
        routes=[{"name": "all", "match": {}, "to": ["sms:vip", "discord:general"]}],
    )
    columns = "phone,tags,consent_at,consent_source,consent_text"
    content = f"{columns}\n{PHONE},vip,{clock.now():%Y-%m-%d},the shop's form,Text me.\n"
    assert (await town.upload("/api/v1/contacts/import", content))["created"] == 1


def discord_of(town: ServiceRig) -> dict[str, Any]:
    return {"api_base": town.sandbox.url, "webhooks": {"general": town.sandbox.discord.webhook("general")}}


async def texted(town: ServiceRig, name: str) -> str:
    """The path of the link in the text."""
    text = await town.sandbox.twilio.phone(PHONE).expect_sms(name, 60)
    return urlsplit(text.body.rpartition(" ")[2]).path


async def purchases(town: ServiceRig, query: str = "") -> dict[str, Any]:
    listed = await town.get(f"/api/v1/purchases{query}")
    return {one["external_id"]: one for one in listed["purchases"]}


def code_of(place: str) -> str:
    """What the network will give back."""
    (code,) = parse_qs(urlsplit(place).query)["subId1"]
    return code


async def test_what_an_alert_brought_is_known_to_the_channel_and_the_person(town: ServiceRig, clock: ManualClock):
    await selling(town, clock)
    receipt = await town.report("GeForce RTX 5090", sku="6634940")
    hers = await texted(town, "RTX 5090")
    posted = urlsplit((await town.room("general").expect("RTX 5090")).embeds[0]["url"]).path
    for target in ("sms:vip", "discord:general"):
        await town.until(lambda to=target: _sent(town, receipt, to))
    clock.advance(60)

    # Discord looks at the link, then somebody follows it; Ada follows hers.
    assert hers != posted
    await town.followed(posted, BOT)
    by_discord = code_of(await town.followed(posted, PERSON))
    by_text = code_of(await town.followed(hers, PERSON))
    clock.advance(600)

    # The shop tells one order, the network reports another one and one of somebody else's links.
    order = {"external_id": "ord-1", "source": "shop", "click": by_text, "amount": "1999.99", "currency": "USD"}
    told = await town.call("POST", "/api/v1/purchases", order | {"commission": "40.00"}, status=201)
    assert (told["result"], told["credit"]["target"], told["credit"]["reason"]) == ("created", "sms:vip", "click")
    at = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    rows = [
        f"A1,PENDING,1999.99,60.00,USD,{at},{by_discord},Best Buy,o-1",
        f"A2,PENDING,5.00,0.10,USD,{at},,Best Buy,o-2",
    ]
    path = "/api/v1/purchases/import?network=impact"
    report = await town.upload(path, REPORT + "\n".join(rows) + "\n")
    assert (report["created"], report["foreign"]) == (1, 1)

    # A month later the network approves its order for less, and the shop gets its own back.
    approved = rows[0].replace("PENDING,1999.99,60.00", "APPROVED,1899.99,57.00")
    report = await town.upload(path, REPORT + approved + "\n")
    assert report["corrected"] == 1
    assert (await town.upload(path, REPORT + approved + "\n"))["unchanged"] == 1
    told = await town.call("POST", "/api/v1/purchases", order | {"state": "reversed"})
    assert told["result"] == "reversed"

    known = await purchases(town)
    assert {name: (one["state"], one["commission"], one["credit"]["target"]) for name, one in known.items()} == {
        "ord-1": ("reversed", "40.00", "sms:vip"),
        "A1": ("confirmed", "57.00", "discord:general"),
    }
    assert [one["commission"] for one in known["A1"]["revisions"]] == ["60.00", "57.00"]
    assert {one["credit"]["alert_id"] for one in known.values()} == {str(receipt.id)}
    assert (await purchases(town, "?channel=sms&state=confirmed")) == {}


async def test_whoever_says_that_they_bought_it_gets_no_second_text_about_it(town: ServiceRig, clock: ManualClock):
    await selling(town, clock)
    first = await town.report("GeForce RTX 5090", sku="6634940")
    code = (await texted(town, "RTX 5090")).removeprefix("/r/")
    await town.until(lambda: _sent(town, first, "sms:vip"))
    clock.advance(60)
    assert await town.call("POST", f"/a/{code}", {"answer": "bought"}) == {"answer": "bought"}
    (bought,) = (await purchases(town)).values()
    assert (bought["state"], bought["credit"]["reason"], bought["credit"]["target"]) == (
        "reported",
        "answer",
        "sms:vip",
    )
    again = await town.report("GeForce RTX 5090 Ti", sku="6634940", type="price_drop", price="1899.99")
    other = await town.report("PlayStation 5", sku="1")
    await town.until(lambda: _sent(town, other, "sms:vip"))
    await town.until(lambda: _sent(town, again, "discord:general"))
    assert [text for text in town.sandbox.twilio.phone(PHONE).texts if "5090 Ti" in text] == []
    (told,) = [one for one in (await town.deliveries(again)) if one["target"] == "sms:vip"] or [{"recipients": {}}]
    assert told["recipients"].get("sent", 0) == 0


def _sent(town: ServiceRig, receipt: Receipt, target: str) -> bool | None:
    """Whether it is there; None as long as it is not."""
    moved = [fact.delivery for fact in town.facts if isinstance(fact, DeliveryMoved)]
    states = {one.state for one in moved if one.alert_id == receipt.id and str(one.target) == target}
    return True if states & {DeliveryState.SENT, DeliveryState.DELIVERED} else None
