"""`tocsin test` sends a message to one target, on the real path."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.client import Client
from tocsin.core.delivery import Target

_ARRIVED = frozenset({"sent", "delivered"})


def test(
    target: Annotated[str, typer.Argument(metavar="CHANNEL:TARGET", help="A configured target: discord:general")],
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Send a message marked TEST to one target, and print what the provider said. Exit code 1 where it was not sent.

    Example: `tocsin test discord:general`
    """
    try:
        wanted = Target.parse(target)
    except ValueError as problem:
        raise typer.BadParameter(f"{problem}, as in discord:general", param_hint="CHANNEL:TARGET") from None
    answer = run(_test(client(url, token, config), wanted))
    if as_json:
        tell_json(answer)
    else:
        said = (answer[key] for key in ("why", "detail", "status", "answer") if answer.get(key))
        tell(": ".join((answer["target"], ", ".join(map(str, (answer["state"], *said))))))
    if answer["state"] not in _ARRIVED:
        raise typer.Exit(1)


async def _test(service: Client, target: Target) -> Any:
    async with service:
        return await service.post(f"/api/v1/channels/{quote(target.channel)}/test", {"target": target.name})
