"""Those who are compared: each takes alerts by POST and calls one webhook for each of them."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.detections import detection
from benchmarks.program import TOKEN, free_port, program
from benchmarks.wire import json_headers
from tocsin.sandbox.webhook.receiver import secret_for

START_S = 15.0
FETCH = Path(__file__).parents[2] / "scripts" / "alertmanager"


@dataclass(frozen=True)
class Intake:
    """Where alerts of one that runs are taken, and in what words. `pids`: its processes by name."""

    urls: Sequence[str]
    pids: Mapping[str, int]
    headers: Mapping[str, str]
    words: Callable[[str], Mapping[str, Any]]

    def body(self, skus: Sequence[str]) -> bytes:
        return json.dumps([self.words(sku) for sku in skus]).encode()


@dataclass(frozen=True)
class Rival:
    """`start` is told where the webhook goes."""

    name: str
    start: Callable[[str], AbstractAsyncContextManager[Intake]]


@asynccontextmanager
async def tocsin(hook: str) -> AsyncIterator[Intake]:
    """As it comes: SQLite, every commit on disk; signed webhooks, one alert in each."""
    place = {"url": hook, "secret": secret_for("sink"), "allow_networks": ["127.0.0.0/8"]}
    channel = {"enabled": True, "api_base": hook, "pacing": "none", "endpoints": {"sink": place}}
    settings = {
        "alerts": {"channels": {"webhook": channel}},
        "routes": [{"name": "all", "match": {}, "to": ["webhook:sink"]}],
    }
    async with program(settings) as running:
        pids = {"service": running.process.pid}
        yield Intake([running.url + "/api/v1/alerts"], pids, json_headers(TOKEN), detection)


@asynccontextmanager
async def alertmanager(hook: str) -> AsyncIterator[Intake]:
    """Each alert is a group of its own and leaves at once. Alertmanager keeps alerts in memory."""
    url = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="alertmanager-bench-") as name:
        folder = Path(name)
        receiver = {"name": "sink", "webhook_configs": [{"url": hook, "send_resolved": False, "max_alerts": 0}]}
        route = {"receiver": "sink", "group_by": ["..."], "group_wait": "0s"}
        (folder / "alertmanager.yml").write_text(json.dumps({"route": route, "receivers": [receiver]}))
        process = await asyncio.create_subprocess_exec(
            await _found(),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={url.removeprefix('http://')}",
            "--cluster.listen-address=",
            "--log.level=error",
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _ready(url)
            headers = {"Content-Type": "application/json"}
            yield Intake([url + "/api/v2/alerts"], {"service": process.pid}, headers, _labelled)
        finally:
            process.terminate()
            await process.wait()


async def _found() -> str:
    """Raises RuntimeError where it is neither here nor to be had."""
    process = await asyncio.create_subprocess_exec(FETCH, stdout=asyncio.subprocess.PIPE)
    path, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("there is no Alertmanager to compare with")
    return path.decode().strip()


async def _ready(url: str) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
        while not await _says_so(session, url + "/-/ready"):  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(0.05)


async def _says_so(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _labelled(sku: str) -> Mapping[str, Any]:
    """The same detection in Alertmanager's words: what identifies it are labels, the rest are annotations."""
    told = detection(sku)
    labels = {"alertname": told["type"], "sku": sku, "retailer": told["retailer"], "priority": str(told["priority"])}
    annotations = {"product_name": told["product_name"], "price": str(told["price"]), **_texts(told["metadata"])}
    return {"labels": labels, "annotations": annotations, "generatorURL": told["url"]}


def _texts(metadata: Any) -> Mapping[str, str]:
    return {name: str(value) for name, value in metadata.items()}


RIVALS: Mapping[str, Rival] = {
    "tocsin": Rival("Tocsin, all on disk", tocsin),
    "alertmanager": Rival("Alertmanager 0.25, nothing on disk", alertmanager),
}
