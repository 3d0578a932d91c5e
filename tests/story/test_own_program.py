"""The service in somebody's own program."""

import socket

import pytest
from tests.story.service_rig import ServiceRig

from tocsin.core.errors import CannotListenError


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1", "address already in use"), ("192.0.2.1", "cannot assign requested address")],
    ids=["taken", "of another machine"],
)
async def test_an_address_that_cannot_be_had_is_told_as_one_and_everything_is_let_go(
    town: ServiceRig, host: str, why: str
):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListenError, match=rf"{host}:{port} \({why}\)"):
            await town.open(server={"host": host, "port": port})
    await town.open()
    await town.report("RTX 5090")
    await town.room().expect("RTX 5090")


async def test_a_name_that_is_no_address_is_told_as_one(town: ServiceRig):
    with pytest.raises(CannotListenError, match=r"no-such-host\.invalid:0"):
        await town.open(server={"host": "no-such-host.invalid", "port": 0})
