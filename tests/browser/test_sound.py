"""Who looks elsewhere hears of it: the bell, the tab's title, the desktop; and sees it where the bell cannot ring."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

# What the page gives to the loudspeaker and to the desktop, and whether somebody looks at it.
_LISTEN = """
window.struck = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  if (this.context.state === "running") struck.push(this.frequency.value);
  return start.call(this, at);
};
window.notes = [];
window.asked = 0;
window.leave = "default";
window.Notification = class {
  static get permission() { return leave; }
  static async requestPermission() { asked++; return (leave = "granted"); }
  constructor(title, more) { this.title = title; notes.push({title, ...more}); window.last = this; }
  close() {}
};
let away = false;
Object.defineProperty(document, "hidden", { get: () => away });
window.look = (seen) => { away = !seen; document.dispatchEvent(new Event("visibilitychange")); };
"""
# The second partial of each bell is its strike note.
_NOTES = "struck.filter((note) => [880, 587, 392].includes(note))"


@pytest_asyncio.fixture(loop_scope="session")
async def listener(chromium: Browser, town: ServiceRig) -> AsyncIterator[Visitor]:
    somebody = await Visitor.come(chromium, town)
    await somebody.page.add_init_script(_LISTEN)
    await somebody.open()
    yield somebody
    await somebody.leave()


async def choose(listener: Visitor, *labels: str) -> None:
    await listener.button("Sound").click()
    for label in labels:
        await listener.page.get_by_label(label, exact=True).check()
    await listener.press("Escape")


async def hears(listener: Visitor, *notes: int) -> None:
    await listener.page.wait_for_function(f"notes => {_NOTES}.join() === notes.join()", arg=list(notes))


async def deaf(listener: Visitor) -> None:
    """What was heard until now does not count."""
    await listener.page.evaluate("struck.length = 0")


async def test_the_bell_rings_for_the_bands_that_were_chosen(listener: Visitor, town: ServiceRig):
    await choose(listener, "Bell for the high band")
    await hears(listener, 880)
    await deaf(listener)
    await town.report("unimportant", priority=1)
    await town.report("important", priority=9)
    await hears(listener, 880)


async def test_high_rings_however_short_after_low(listener: Visitor, town: ServiceRig):
    await choose(listener, "Bell for the low band", "Bell for the high band")
    # Not on the heels of what was struck when they were chosen.
    await listener.page.reload()
    await listener.button("Click for sound").click()
    await expect(listener.button("Sound")).to_have_attribute("title", "Sound: on")
    batch = [{"type": "in_stock", "retailer": "bestbuy", "sku": str(n), "price": 1, "priority": n} for n in (1, 2, 9)]
    await town.call("POST", "/api/v1/alerts", batch, status=202)
    await hears(listener, 392, 880)


async def test_a_bell_that_cannot_be_heard_says_so_until_the_first_click(listener: Visitor, town: ServiceRig):
    await choose(listener, "Bell for the high band")
    await expect(listener.button("Sound")).to_have_attribute("title", "Sound: on")
    await listener.page.reload()
    await expect(listener.button("Click for sound")).to_be_visible()
    await town.report("unheard")
    await listener.sees("unheard")
    assert await listener.barriers() == []
    await listener.button("Click for sound").click()
    await expect(listener.button("Sound")).to_have_attribute("title", "Sound: on")
    await hears(listener)
    await listener.press("Escape")
    await town.report("heard")
    await hears(listener, 880)


async def test_mute_and_volume_last(listener: Visitor, town: ServiceRig):
    await choose(listener, "Bell for the high band")
    await listener.button("Sound").click()
    await listener.page.get_by_label("Volume").fill("0.25")
    await listener.press("Escape", "m")
    await expect(listener.button("Sound")).to_have_attribute("title", re.compile(r"Muted until .*\d\d:\d\d:\d\d"))
    await listener.page.reload()
    await expect(listener.button("Sound")).to_have_attribute("title", re.compile("Muted until"))
    await listener.button("Sound").click()
    await expect(listener.page.get_by_label("Volume")).to_have_value("0.25")
    await expect(listener.page.get_by_text(re.compile(r"Muted until .*\d\d:\d\d:\d\d\."))).to_be_visible()
    assert await listener.barriers() == []
    await listener.press("Escape")
    await deaf(listener)
    await town.report("unheard")
    await listener.sees("unheard")
    await hears(listener)
    await listener.press("m")
    await town.report("heard")
    await hears(listener, 880)


async def test_the_tab_says_how_many_came_while_nobody_looked(listener: Visitor, town: ServiceRig):
    await listener.page.evaluate("look(false)")
    for name in ("one", "two", "three"):
        await town.report(name)
    await expect(listener.page).to_have_title("(3) Tocsin")
    await listener.page.evaluate("look(true)")
    await expect(listener.page).to_have_title("Tocsin")
    await listener.sees("three", "two", "one")
    await listener.press("p")
    await town.report("four")
    await expect(listener.page).to_have_title("(1) Tocsin")


async def test_the_desktop_is_told_once_a_click_has_asked_for_leave(listener: Visitor, town: ServiceRig):
    await listener.page.evaluate("look(false)")
    await town.report("before")
    await expect(listener.page).to_have_title("(1) Tocsin")
    assert await listener.page.evaluate("[asked, notes.length]") == [0, 0]
    await listener.page.evaluate("look(true)")
    await choose(listener, "Desktop notifications of the high band")
    assert await listener.page.evaluate("asked") == 1
    await town.report("seen")
    await listener.sees("seen", "before")
    await listener.page.evaluate("look(false)")
    await town.report("unimportant", priority=1)
    receipt = await town.report("RTX 5090")
    await listener.page.wait_for_function("() => notes.length > 0")
    told = await listener.page.evaluate("notes.map(({title, body}) => [title, body])")
    assert told == [["In stock: RTX 5090", "$1,999.99 at bestbuy"]]
    for number in range(3):
        await town.report(f"more {number}")
    await listener.page.wait_for_function("() => notes.length > 1")
    assert await listener.page.evaluate("notes.map(({title}) => title)") == [
        "In stock: RTX 5090",
        "3 new alerts, 3 of the high band",
    ]
    await listener.page.evaluate("last.onclick()")
    await expect(listener.details.get_by_role("heading", name="more 2")).to_be_visible()
    assert str(receipt.id) not in listener.page.url


async def test_who_was_refused_leave_is_told_what_to_do(listener: Visitor):
    await listener.page.evaluate("Notification.requestPermission = async () => (leave = 'denied')")
    await listener.button("Sound").click()
    await listener.page.get_by_label("Desktop notifications of the high band").check()
    await expect(listener.page.get_by_text("its settings for this site change that")).to_be_visible()
    assert await listener.barriers() == []
