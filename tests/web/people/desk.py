"""Words for what a caller of the people's doors does."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from tests.web.house import House

CONTACTS = "/api/v1/contacts"
ADA = {"external_id": "discord:1", "name": "Ada", "tags": ["vip"], "zone": "America/New_York", "locale": "en"}
PHONE, OTHER = "+14155550101", "+14155550102"
MAILBOX = "Ada@example.com"
# Its key is that of RFC 8291, appendix A: of a point that is none nobody could make a message.
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
BROWSER = {
    "endpoint": "https://push.example/send/1",
    "keys": {"p256dh": POINT, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
    "expirationTime": None,
}
GRANTED = {"source": "sign_up_page", "wording": "Text me about restocks. STOP ends it."}


async def asked(house: House, method: str, path: str, status: int = 200, **body: Any) -> Any:
    """The answer of a call, which has this status."""
    got, told = await house.call(method, path, token="people", **body)
    assert got == status, told
    return told


async def made(house: House, **changes: Any) -> Any:
    return await asked(house, "POST", CONTACTS, 201, json=ADA | changes)


async def refused(house: House, method: str, path: str, status: int, **body: Any) -> Mapping[str, Any]:
    """The error that a call is answered with."""
    error: Mapping[str, Any] = (await asked(house, method, path, status, **body))["error"]
    assert error["message"]
    return error


def paths(error: Mapping[str, Any]) -> list[str]:
    return [detail["path"] for detail in error["details"]]


async def imported(house: House, content: str | bytes, query: str = "") -> Any:
    data = BytesIO(content if isinstance(content, bytes) else content.encode())
    return await asked(house, "POST", f"{CONTACTS}/import{query}", data=data)


class Push:
    """A channel of which only the door's part is asked."""

    tells_browsers = True
    vouched = ()

    async def browser_key(self) -> str:
        return "BKey"
