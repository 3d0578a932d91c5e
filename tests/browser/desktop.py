"""A notification as a desktop shows it, photographed: `xvfb-run -a -s "-screen 0 1280x800x24" python -m
tests.browser.desktop docs/images`.

To be looked at by people, and for the documents. It needs a screen, where Chromium draws notifications by itself, and
`import` of ImageMagick; no test runs it.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.program import free_port
from playwright.async_api import async_playwright
from tests.browser.pushes import PushedTo
from tests.browser.visitor import ARGUMENTS, PROGRAMS
from tests.story.service_rig import TOKEN, ServiceRig

PART = "1280x800+0+0"  # of the screen
DRAWN_S = 3.0  # until the notification has slid in
HEADED = (
    "--window-position=0,0",
    "--window-size=1280,800",
    "--disable-features=NativeNotifications,SystemNotifications",
)


async def photograph(folder: Path) -> None:
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    port = free_port()
    web = {"contact": "mailto:ops@example.org", "allow_networks": ["127.0.0.0/8"]}
    with tempfile.TemporaryDirectory() as place:
        async with ServiceRig(Path(place)) as town, async_playwright() as playwright:
            await town.open(
                server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
                alerts={"channels": {"push": {"enabled": True, "web": web}}},
                retailers={"bestbuy": {"name": "Best Buy"}},
                routes=[{"match": {}, "to": ["push:everyone"]}],
            )
            context = await playwright.chromium.launch_persistent_context(
                f"{place}/profile",
                executable_path=program,
                headless=False,
                no_viewport=True,
                args=[*ARGUMENTS, *HEADED],
            )
            page = await context.new_page()
            await context.pages[0].close()  # in which it warns of its arguments
            device = await PushedTo.come(town, page, "desk")
            await page.goto(f"{town.alerts.url}/#token={TOKEN}")
            await page.get_by_role("button", name="Sound", exact=True).click()
            await page.get_by_role("button", name="Tell me on this device").click()
            await page.get_by_text("You are told on this device.").wait_for()
            await page.keyboard.press("Escape")
            await town.report(
                "GeForce RTX 5090 Founders Edition", type="price_drop", metadata={"previous_price": "2399.99"}
            )
            await device.bring()
            await asyncio.sleep(DRAWN_S)
            picture = str(folder / "browser-push.png")
            taking = await asyncio.create_subprocess_exec(
                "import", "-window", "root", "-crop", PART, "+repage", picture
            )
            assert await taking.wait() == 0
            await context.close()


if __name__ == "__main__":
    asyncio.run(photograph(Path(sys.argv[1])))
