"""The live page in the states that it can be in, photographed: `python -m tests.browser.pictures FOLDER [SCENE ...]`.

To be looked at by people whenever the page has changed: no test sees what is ugly. The scenes `dashboard` and `rooms`
are the pictures of the documents: `python -m tests.browser.pictures docs/images dashboard rooms`.
"""

import asyncio
import base64
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, ViewportSize, expect
from tests.browser.club import BROKEN, FIRST, LEAVER, join, leaves, member
from tests.browser.furnished import ALERTS, ROOMS, furnish, peopled
from tests.browser.visitor import PHONE, Visitor, browser
from tests.story.service_rig import ServiceRig

from tocsin.cli.detector import detect
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import TocsinError
from tocsin.core.facts import BreakerOpened
from tocsin.sandbox import Fault

SIZES = (
    ViewportSize(width=390, height=844),
    ViewportSize(width=1024, height=768),
    ViewportSize(width=1440, height=900),
    ViewportSize(width=2560, height=1440),
)
README = ViewportSize(width=1400, height=860)
BUSY_S = 75.0  # until a sale or two is over, and the last minute is full
_AS_WEBP = """
async png => {
  const bytes = Uint8Array.from(atob(png), sign => sign.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const webp = await canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
  return btoa(String.fromCharCode(...new Uint8Array(await webp.arrayBuffer())));
}
"""
Scene = Callable[[ServiceRig, Visitor], Awaitable[None]]


async def healthy(town: ServiceRig, visitor: Visitor) -> None:
    await visitor.open()
    await expect(visitor.rows).to_have_count(len(ALERTS))
    await expect(visitor.page.get_by_title("99 of 100")).to_have_attribute("title", re.compile("last minute took"))


async def outage(town: ServiceRig, visitor: Visitor) -> None:
    await healthy(town, visitor)
    await town.close()
    await visitor.sees_state("waiting")


async def details_in_an_outage(town: ServiceRig, visitor: Visitor) -> None:
    await outage(town, visitor)
    await visitor.button("PlayStation 5 Pro 2TB").click()
    await expect(visitor.details.get_by_role("alert")).to_be_visible()


async def provider_down(town: ServiceRig, visitor: Visitor) -> None:
    town.sandbox.faults.next("discord", Fault.status(503), times=500)
    await visitor.open()
    for number in range(12):
        await town.report(f"Card {number}", priority=1 + number % 10)
    await town.told(BreakerOpened)
    await expect(visitor.door("Channels")).to_contain_text("2 in trouble", timeout=30_000)
    await visitor.enter("Channels")
    await expect(visitor.page.get_by_title("99 of 100")).not_to_contain_text("ms", timeout=30_000)


async def conditions(town: ServiceRig, visitor: Visitor) -> None:
    """Five at once: a dead target, a lost monitor, a late channel, a wrong clock and a refused configuration."""
    town.sandbox.discord.kill("high_priority")
    await town.report("Intel Arc B580")
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "interval": 1})
    late, old = datetime.now(UTC) - timedelta(seconds=30), datetime.now(UTC) - timedelta(hours=2)
    for number in range(6):
        told = await town.report(f"Late {number}", priority=2, timestamp=late.isoformat())
        await town.settled(told, DeliveryState.SENT)
        await town.report(f"Old {number}", retailer="newegg", timestamp=old.isoformat())
    file = town.folder / "tocsin.json"
    file.write_text(file.read_text().replace('"routes"', '"roots"'))
    with suppress(TocsinError):
        await town.alerts.reload()
    await visitor.open()
    await expect(visitor.strip.get_by_text("5 things need you", exact=True)).to_be_visible(timeout=30_000)


async def conditions_unfolded(town: ServiceRig, visitor: Visitor) -> None:
    await conditions(town, visitor)
    await visitor.strip.get_by_role("button").click()


async def channels(town: ServiceRig, visitor: Visitor) -> None:
    town.sandbox.discord.kill("general")
    await town.report("Intel Arc B580", priority=5)
    await visitor.open()
    await expect((await visitor.enter("Channels")).get_by_text("target gone")).to_be_visible()


async def operations(town: ServiceRig, visitor: Visitor) -> None:
    await visitor.open()
    await visitor.enter("Operations")


async def watched(town: ServiceRig, visitor: Visitor) -> None:
    for number, price in enumerate((549, 529, 535, 499, 489)):
        await town.report("GeForce RTX 5070", sku="5070", type="price_drop", price=str(price), priority=8 + number % 2)
    skus = ["6634940", "5070", "never-seen"]
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "skus": skus, "interval": 60})
    await town.call("PUT", "/api/v1/monitors/amazon-1", {"retailer": "amazon", "interval": 1})
    await visitor.open("?room=watch")
    await expect(visitor.page.get_by_text("Silent", exact=True).nth(1)).to_be_visible(timeout=30_000)
    await visitor.button("GeForce RTX 5070").click()
    await expect(visitor.page.get_by_text("It would be sent")).to_be_visible()


async def menu(town: ServiceRig, visitor: Visitor) -> None:
    await visitor.open()
    if await visitor.button("More").is_visible():
        await visitor.button("More").click()


async def people(town: ServiceRig, visitor: Visitor, query: str = "") -> None:
    await join(town)
    await visitor.open(f"?room=people{query}")
    await expect(visitor.page.get_by_role("navigation", name="People")).to_be_visible()


async def person(town: ServiceRig, visitor: Visitor) -> None:
    await people(town, visitor)
    (found,) = (await town.get("/api/v1/contacts?q=Ada"))["contacts"]
    wants = {
        "match": {"families": ["rtx50"]},
        "mute": [{"match": {"products": ["rtx-5090-fe"]}, "why": "bought"}],
        "channels": {"sms": {"match": {"min_priority": 8}, "per_day": 10}},
        "quiet": {"from": "23:00", "to": "07:00", "do": "hold", "except": {"min_priority": 10}},
    }
    await town.call("PUT", f"/api/v1/contacts/{found['id']}/preferences", wants)
    await member(visitor, FIRST).click()
    await expect(visitor.page.get_by_role("heading", name="Consent")).to_be_visible()


async def person_erased(town: ServiceRig, visitor: Visitor) -> None:
    await person(town, visitor)
    await visitor.button("Erase …").click()


async def person_added(town: ServiceRig, visitor: Visitor) -> None:
    await people(town, visitor)
    await visitor.button("Add a person").click()


async def people_import(town: ServiceRig, visitor: Visitor) -> None:
    await people(town, visitor, "&view=import")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": BROKEN.encode()}
    await visitor.page.get_by_label("A file of people").set_input_files(file)
    await expect(visitor.button("Import 1 person")).to_be_visible()


async def people_lists(town: ServiceRig, visitor: Visitor) -> None:
    await people(town, visitor, "&view=lists")
    await expect(visitor.page.get_by_text("sms:vip")).to_be_visible()


async def left_alone(town: ServiceRig, visitor: Visitor) -> None:
    await town.call("POST", "/api/v1/suppressions", {"number": "+12025550109", "reason": "asked by mail"}, 201)
    await people(town, visitor, "&view=suppressions")
    await expect(visitor.page.get_by_text("asked by mail")).to_be_visible()


async def told_list(town: ServiceRig, visitor: Visitor) -> None:
    await join(town)
    leaves(town, LEAVER)
    await town.report("GeForce RTX 5080", priority=10)
    await visitor.open()
    await visitor.button("GeForce RTX 5080").click()
    await visitor.button("sms:vip: 1 refused").click()
    await expect(visitor.details.get_by_role("list", name="People of sms:vip").get_by_role("listitem")).to_have_count(1)


async def details(town: ServiceRig, visitor: Visitor) -> None:
    await visitor.open()
    await visitor.button("PlayStation 5 Pro 2TB").click()
    await expect(visitor.details.get_by_role("heading", name="Timeline")).to_be_visible()


SCENES: dict[str, tuple[Scene, dict[str, Any]]] = {
    "healthy": (healthy, {}),
    "outage": (outage, {}),
    "details-in-an-outage": (details_in_an_outage, {}),
    "provider-down": (provider_down, {}),
    "conditions": (conditions, {}),
    "conditions-unfolded": (conditions_unfolded, {}),
    "shadow": (healthy, {"mode": "shadow"}),
    "part-in-shadow": (healthy, {"discord": {"mode": "shadow"}}),
    "channels": (channels, {}),
    "watched": (watched, {}),
    "operations": (operations, {}),
    "menu": (menu, {}),
    "details": (details, {}),
    "people": (people, {"club": True}),
    "person": (person, {"club": True}),
    "person-erased": (person_erased, {"club": True}),
    "person-added": (person_added, {"club": True}),
    "people-import": (people_import, {"club": True}),
    "people-lists": (people_lists, {"club": True}),
    "left-alone": (left_alone, {"club": True}),
    "told-list": (told_list, {"club": True}),
}
SCHEMES: Sequence[Literal["dark", "light"]] = ("dark", "light")


async def take(folder: Path, wanted: Sequence[str]) -> None:
    async with browser() as chromium:
        if "dashboard" in wanted:
            await dashboard(chromium, folder)
        if "rooms" in wanted:
            await rooms(chromium, folder)
        for name in [name for name in wanted if name in SCENES] if wanted else SCENES:
            for size in SIZES:
                await picture(chromium, name, size, folder)


async def dashboard(chromium: Browser, folder: Path) -> None:
    """A busy morning, with one alert explained."""
    quick = {"cooldown": "20s", "reopen_after_close": "5s"}
    async with peopled(dedup=quick) as town:
        visitor = await Visitor.come(chromium, town, viewport=README, device_scale_factor=1.25, color_scheme="dark")
        await visitor.open()
        detecting = asyncio.create_task(detect(town.alerts))
        await asyncio.sleep(BUSY_S)
        row = visitor.rows.filter(has_text="In stock").filter(has_not_text="Sold out").filter(has_text="High").first
        await row.locator("[data-row]").click()
        await expect(visitor.details.get_by_text("The provider took it").first).to_be_visible()
        await visitor.page.screenshot(path=folder / "dashboard.png")
        detecting.cancel()
        await visitor.page.close()


async def rooms(chromium: Browser, folder: Path) -> None:
    """Each room, at a desk in the dark and on a phone in the light, as small as they can be read."""
    async with peopled(club=True) as town:
        await furnish(town)
        for name, size, scheme in (("desk", SIZES[2], SCHEMES[0]), ("phone", SIZES[0], SCHEMES[1])):
            visitor = await Visitor.come(chromium, town, viewport=size, color_scheme=scheme)
            await visitor.open()
            for room, (address, there) in ROOMS.items():
                await visitor.page.evaluate("address => { location.href = `./${address}` }", address)
                await expect(visitor.page.get_by_text(there).first).to_be_visible()
                await visitor.drawn()
                taken = await visitor.page.screenshot()
                (folder / f"room-{room}-{name}.webp").write_bytes(await as_webp(chromium, taken))
            await visitor.page.close()


async def as_webp(chromium: Browser, png: bytes) -> bytes:
    """Browsers write it, too: a quarter of the size."""
    page = await chromium.new_page()
    told = await page.evaluate(_AS_WEBP, base64.b64encode(png).decode())
    await page.close()
    return base64.b64decode(told)


async def picture(chromium: Browser, name: str, size: ViewportSize, folder: Path) -> None:
    scene, settings = SCENES[name]
    async with peopled(**settings) as town:
        phone = {"has_touch": True, "device_scale_factor": 2} if size["width"] < PHONE["width"] + 100 else {}
        visitor = await Visitor.come(chromium, town, viewport=size, **phone)
        await scene(town, visitor)
        for scheme in SCHEMES:
            await visitor.page.emulate_media(color_scheme=scheme)
            await visitor.page.screenshot(path=folder / f"{name}-{size['width']}-{scheme}.png")
        await visitor.page.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(take(Path(sys.argv[1]), sys.argv[2:]))
