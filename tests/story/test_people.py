"""A person from the first code to the last alert, over HTTP and by the phone that they hold."""

from typing import Any

from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.sandbox.twilio.account import SENDER

PHONE = "+14155550101"
CONTACTS = "/api/v1/contacts"
ADA = {"name": "Ada", "external_id": "a:1", "tags": ["vip"], "phones": [{"number": PHONE}]}
GRANTED = {"source": "sign_up_page", "wording": "Text me about restocks. STOP ends it."}
ROUTES = [{"name": "all", "match": {}, "to": ["sms:vip"]}]


def texts_of(town: ServiceRig) -> dict[str, Any]:
    account = town.sandbox.twilio.account
    return {
        "enabled": True,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "from_number": SENDER,
        "verify_service": account.verify_service,
        "api_base": town.sandbox.url,
        "lists": {"vip": {"tag": "vip"}},
    }


async def test_a_phone_is_verified_told_and_left_alone(town: ServiceRig):
    await town.open(alerts={"channels": {"sms": texts_of(town)}}, routes=ROUTES)
    phone = town.sandbox.twilio.phone(PHONE)
    contact = await town.call("POST", CONTACTS, ADA, 201)
    unverified = await town.report("Too early")
    assert (await town.get(f"/api/v1/alerts/{unverified.id}"))["deliveries"] == []
    address = contact["addresses"][0]["id"]
    verification = f"{CONTACTS}/{contact['id']}/phones/{address}/verification"
    await town.call("POST", verification, {"consent": GRANTED}, 202)
    code = await phone.expect_code()
    assert (await town.call("POST", f"{verification}/check", {"code": code}))["state"] == "active"
    await town.settled(await town.report("Now"), DeliveryState.SENT)
    await phone.expect_sms("Now")
    withdrawn = {"address": address, "event": "withdrawn", "source": "operator"}
    await town.call("POST", f"{CONTACTS}/{contact['id']}/consents", withdrawn, 201)
    late = await town.report("Too late")
    assert (await town.get(f"/api/v1/alerts/{late.id}"))["deliveries"] == []
    await town.call("DELETE", f"{CONTACTS}/{contact['id']}")
    assert (await town.call("POST", CONTACTS, ADA, 409))["error"]["code"] == "suppressed"
    assert [text for text in phone.texts if "Too" in text] == []
    assert PHONE not in repr(town.facts)
