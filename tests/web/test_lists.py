"""What the API tells of an alert for a list of people: counts, and the people themselves, masked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.crowd import Crowd, phone
from tests.web.house import House

from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.decision import Accepted, Chosen, Hold, LeftOut, Plan, Reason
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import ClaimRequest, Item, Move, Settlement, Submission

VIP = Target("sms", "vip")


async def an_alert_for(house: House, many: int) -> str:
    """So many are planned for, one of them later; one was told already."""
    crowd, queue = Crowd(house.services.ledger.people), house.services.ledger.queue
    slots = [(await crowd.telling(f"member {each}", phone(f"+1415555{each:04}")))[1].slot for each in range(many)]
    now = datetime.now(UTC)
    later = Hold(now + timedelta(hours=1), "held", audience_of(slots[-1:]))
    chosen = Chosen(now=audience_of(slots[:-1]), held=(later,), left_out={LeftOut.MAX_RECIPIENTS: 12})
    plan = Plan(target=VIP, lane="sms:main", due=now, expires_at=now + timedelta(hours=2), people=chosen, route="gpu")
    alert = Alert(id=new_id(now), type=AlertType.RESTOCK_SOON, priority=9, sku="1", retailer="bestbuy", timestamp=now)
    await queue.append(Submission((Item(alert),)), lambda *_: Accepted(Reason.NEW, (plan,)))
    claim = (await queue.claim(ClaimRequest(lane="sms:main", pack=lambda *_: 1))).claim
    assert claim is not None
    ((delivery, _),) = claim.members
    sent = Move(key=delivery.key, fence=delivery.fence, to=DeliveryState.SENT)
    await queue.settle(Settlement(attempt=claim.key, outcome="sent", moves=(sent,)))
    return str(alert.id)


def counts(**some: int) -> dict[str, int]:
    words = ("waiting", *(state.value for state in DeliveryState if state is not DeliveryState.PENDING))
    return dict.fromkeys(words, 0) | some


async def test_a_list_is_told_as_counts_with_those_who_were_left_out(house: House):
    identifier = await an_alert_for(house, 5)
    _, story = await house.call("GET", f"/api/v1/alerts/{identifier}")
    _, page = await house.call("GET", "/api/v1/alerts")
    for alert in (story, page["alerts"][0]):
        assert alert["deliveries"] == []
        (row,) = alert["lists"]
        assert (row["target"], row["route"]) == ("sms:vip", "gpu")
        assert row["recipients"] == counts(planned=5, waiting=4, sent=1)
        assert row["left_out"] == {"max_recipients": 12}
    (step,) = [step for step in story["timeline"] if step["what"] == "planned"]
    assert step["detail"] == "sms:vip (gpu): 5 people; 12 more are not told: max_recipients"


async def test_its_people_are_listed_masked_page_by_page_and_by_state(house: House):
    identifier = await an_alert_for(house, 5)
    where = f"/api/v1/alerts/{identifier}/recipients?target=sms:vip"
    people: list[dict[str, Any]] = []
    page = ""
    while True:
        _, found = await house.call("GET", f"{where}&limit=2{page}")
        people += found["recipients"]
        if found["next"] is None:
            break
        page = f"&page={found['next']}"
    assert [each["shown"][-4:] for each in people] == ["0000", "0001", "0002", "0003", "0004"]
    assert all(each["shown"].startswith("+1 ***") for each in people)
    assert [each["delivery"] is not None for each in people] == [True, False, False, False, False]
    _, sent = await house.call("GET", f"{where}&state=sent")
    assert [each["address"] for each in sent["recipients"]] == [people[0]["address"]]


async def test_people_of_no_alert_and_of_no_list_are_not_found(house: House):
    identifier = await an_alert_for(house, 2)
    unknown, _ = await house.call("GET", f"/api/v1/alerts/{new_id(datetime.now(UTC))}/recipients?target=sms:vip")
    wrong, answer = await house.call("GET", f"/api/v1/alerts/{identifier}/recipients?target=vip")
    status, empty = await house.call("GET", f"/api/v1/alerts/{identifier}/recipients?target=sms:other")
    assert (unknown, wrong, status, empty["recipients"]) == (404, 422, 200, [])
    assert answer["error"]["details"][0]["path"] == "target"
