"""What `check` says of browsers, and how the way to them is made."""

from pathlib import Path
from typing import Any

import pytest
from tests.channels.browser.scenes import CODES, short_link
from tests.channels.scenes import NOW

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.abilities import TellsBrowsers
from tocsin.channels.browser.entrance import BROWSERS
from tocsin.channels.push.settings import Push
from tocsin.channels.push.spec import push
from tocsin.channels.spec import Surroundings
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        (None, "wants somebody to write to"),
        ("mailto:ops@localhost", "reachable from outside"),
        ("mailto:ops@example.org", ""),
        ("https://alerts.example/contact", ""),
    ],
)
def test_a_contact_that_apple_does_not_take_is_told_before_anything_is_sent(contact: str | None, words: str):
    settings = Push.model_validate({"web": {"contact": contact}})
    said = [message for _, message in BROWSERS.cautions(settings)]
    assert [words in message for message in said] == ([True] if words else [])


async def test_the_key_is_made_when_somebody_asks_for_it_and_not_before(tmp_path: Path):
    async with Transport() as transport:
        channel = made(tmp_path, transport, {"web": {"allow_networks": ["127.0.0.0/8"]}})
        assert files(tmp_path) == []
        assert isinstance(channel, TellsBrowsers)
        assert channel.tells_browsers
        assert [str(one) for one in channel.vouched] == ["127.0.0.0/8"]
        assert await channel.browser_key() == await made(tmp_path, transport, {}).browser_key()
        assert files(tmp_path) == ["vapid.key"]


async def test_where_browsers_are_left_out_none_is_told(tmp_path: Path):
    async with Transport() as transport:
        channel = made(tmp_path, transport, {"web": {"enabled": False}})
        assert (channel.tells_browsers, tuple(channel.vouched)) == (False, ())
        with pytest.raises(ValueError, match="told nothing"):
            await channel.browser_key()


def made(folder: Path, transport: Transport, block: dict[str, Any]) -> Any:
    spec, clock = push(BROWSERS), ManualClock(NOW)
    around = Surroundings(
        transport=transport,
        clock=clock,
        link=short_link,
        pages=PageAddresses(None, Passes(bytes), CODES, clock),
        codes=CODES,
        keys=folder,
        retailers={},
    )
    assert spec.make is not None
    return spec.make(Push.model_validate(block), around)


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
