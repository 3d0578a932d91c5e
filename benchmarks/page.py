"""The live page in a browser: how soon it stands on a ledger of 10,000 alerts, and how long its frames take at 100
alerts a second.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize
from tests.browser.visitor import browser

from benchmarks.detections import detection
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers

KEPT = 10_000
ARRAY = 1_000
PER_SECOND = 100
SECONDS = 30
WIRES = 8
VISITS = 5
LONG_MS = 100
SCREEN = ViewportSize(width=1440, height=900)

_OBSERVE = """
window.seen = { rows: 0, tasks: [], gaps: [] };
new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration)))
  .observe({ type: "longtask", buffered: true });
new MutationObserver(() => {
  if (!seen.rows && document.querySelector("[role=feed] article")) seen.rows = performance.now();
}).observe(document, { childList: true, subtree: true });
"""
_WATCH_FRAMES = """
() => {
  seen.tasks.length = 0;
  let before = performance.now();
  const frame = (now) => {
    seen.gaps.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""
_PAINTED = """
() => ({ paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime, rows: seen.rows })
"""


async def measure() -> list[tuple[str, str, str]]:
    async with program({}) as service, browser() as chromium:
        async with Wire(service.url + "/api/v1/alerts", json_headers(TOKEN)) as wire:
            for start in range(0, KEPT, ARRAY):
                await wire.post(_encoded([detection(f"K{number:06d}") for number in range(start, start + ARRAY)]))
        visits = [await _visit(chromium, service.url) for _ in range(VISITS)]
        tasks, gaps = await _flood(chromium, service.url)
    paint, rows = (sorted(times)[VISITS // 2] for times in zip(*visits, strict=True))
    slow = [task for task in tasks if task > LONG_MS]
    return [
        (f"first paint, {KEPT:,} alerts in the ledger", f"{paint:.0f} ms (median of {VISITS})", "< 1 s"),
        ("first alerts on the screen", f"{rows:.0f} ms", "< 1 s"),
        (
            f"tasks over {LONG_MS} ms, {PER_SECOND} alerts/s for {SECONDS} s",
            f"{len(slow)}, the longest {max(tasks, default=0):.0f} ms; the longest frame {max(gaps):.0f} ms",
            "none",
        ),
    ]


async def _visit(chromium: Browser, url: str) -> tuple[float, float]:
    """Milliseconds from the navigation to the first paint and to the first rows, each time with nothing kept."""
    page = await _open(chromium, url)
    told = await page.evaluate(_PAINTED)
    await page.context.close()
    return told["paint"], told["rows"]


async def _flood(chromium: Browser, url: str) -> tuple[Sequence[float], Sequence[float]]:
    """The long tasks of a page that shows all of it, and the time between its frames, in milliseconds."""
    page = await _open(chromium, url)
    await page.evaluate(_WATCH_FRAMES)
    await _feed(url)
    told: dict[str, Any] = await page.evaluate("seen")
    return told["tasks"], told["gaps"]


async def _open(chromium: Browser, url: str) -> Page:
    context = await chromium.new_context(viewport=SCREEN)
    page = await context.new_page()
    await page.add_init_script(_OBSERVE)
    await page.goto(f"{url}/#token={TOKEN}")
    await page.wait_for_function("seen.rows > 0")
    await page.wait_for_selector("[data-connection=live]")
    return page


async def _feed(url: str) -> None:
    """Alerts at an even pace, each by a POST of its own."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        free: asyncio.Queue[Wire] = asyncio.Queue()
        for _ in range(WIRES):
            free.put_nowait(await stack.enter_async_context(Wire(url + "/api/v1/alerts", json_headers(TOKEN))))
        start = time.perf_counter()
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
            wire = await free.get()
            group.create_task(_post(wire, free, _encoded(detection(f"L{number:06d}"))))


async def _post(wire: Wire, free: asyncio.Queue[Wire], body: bytes) -> None:
    await wire.post(body)
    free.put_nowait(wire)


def _encoded(alerts: Any) -> bytes:
    return json.dumps(alerts).encode()
