"""The first ten minutes: a fresh clone, the two commands of the README, and whatever they offer to paste."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.async_api import Page, expect
from tests.browser.visitor import browser
from tests.first_run.newcomer import DEADLINE_S, clone, environment, git, typed

# Everything is installed anew: that takes its time on a busy machine.
pytestmark = pytest.mark.timeout(2 * DEADLINE_S)


async def test_a_fresh_clone_runs_and_all_that_it_offers_to_paste_works(tmp_path: Path):
    checkout, elsewhere = clone(tmp_path / "tocsin"), tmp_path / "another terminal"
    elsewhere.mkdir()
    async with browser() as chromium:
        async with typed("make run", checkout, environment()) as service:
            page = await chromium.new_page()
            await page.goto((await service.says(r"Dashboard +(http://127\.0\.0\.1:\d+/#token=.+)"))[1])
            await expect(page.locator("main code")).to_have_count(3)
            send, post, demo = await page.locator("main code").all_inner_texts()
            for command, product in ((send, "GeForce RTX 5090"), (post, "PlayStation 5 Pro")):
                await pasted(command, elsewhere)
                await sees(page, product)
            async with typed(demo, elsewhere, environment()) as shown:
                await page.goto((await shown.says(r"Dashboard +(http://.+)"))[1])
                await sees(page)
                await shown.interrupt()
            assert "Traceback" not in "\n".join(await service.interrupt())
        async with typed("make demo", checkout, environment()) as shown:
            link = (await shown.says(r"Dashboard +(http://.+)"))[1]
            sandbox = (await shown.says(r"Sandbox +(http://.+)"))[1]
            await page.goto(link)
            await sees(page)
            for command in commands(link):
                await pasted(command, elsewhere)
            await sees(page, "PlayStation 5 Pro")
            await page.goto(sandbox)
            await expect(page.get_by_text("IN STOCK").first).to_be_visible()
            assert "Traceback" not in "\n".join(await shown.interrupt())
    assert git("status", "--porcelain", folder=checkout) == "", "something is left that `git add .` would commit"


def test_a_wheel_of_a_fresh_clone_carries_the_page(tmp_path: Path):
    checkout, home = clone(tmp_path / "tocsin"), tmp_path / "home"
    uv = Path(sys.executable).with_name("uv")
    placed = {"UV_TOOL_DIR": f"{home}/tools", "UV_TOOL_BIN_DIR": f"{home}/bin"}
    for command in (
        [uv, "build", "--quiet", "--wheel", "--out-dir", home],
        [uv, "tool", "install", "--quiet", "--python", sys.executable, "tocsin @ file://" + str(home)],
    ):
        if command[1] == "tool":
            command[-1] = str(next(home.glob("*.whl")))
        done = subprocess.run(
            command,
            cwd=checkout,
            env=environment() | placed,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    with subprocess.Popen(
        [home / "bin/tocsin", "serve", "--port", "0"], cwd=home, env=environment(), stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        link = next(line.split()[1] for line in service.stdout if line.startswith("Dashboard"))
        with urlopen(link.partition("#")[0], timeout=DEADLINE_S) as answer:
            assert (answer.status, '<script type="module"' in answer.read().decode()) == (200, True)
        service.terminate()
        assert service.wait(DEADLINE_S) == 0


async def sees(page: Page, product: str = "") -> None:
    """An alert about that product, or about any."""
    rows = page.locator("[data-row]").filter(has_text=product)
    await expect(rows.first).to_be_visible()


async def pasted(command: str, folder: Path) -> None:
    async with typed(command, folder, environment()) as shell:
        await shell.says(r'.*(?:accepted \(new\)|"decision": ?"accepted").*')


def commands(link: str) -> tuple[str, str]:
    """What its page would offer, were it empty."""
    url, _, token = link.partition("/#token=")
    request = Request(f"{url}/api/v1/first-steps", headers={"Authorization": f"Bearer {token}"})
    with urlopen(request, timeout=DEADLINE_S) as answer:
        told = json.load(answer)
    return told["send"], told["post"]
