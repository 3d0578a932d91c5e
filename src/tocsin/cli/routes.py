"""`tocsin routes` tells who would hear of an alert."""

import json
from typing import Annotated, Any

import typer

from tocsin.cli.console import run, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.cli.source import read
from tocsin.client import Client

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def routes() -> None:
    """Who hears of what.

    Example: `tocsin routes test alert.json`
    """


@app.command("test")
def rehearse(
    alert: Annotated[str, typer.Argument(help="A file with one alert as JSON; - is standard input.")],
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Ask the running service what it would do with an alert; nothing is stored or sent.

    Example: `tocsin routes test alert.json`
    """
    body = read(alert, "ALERT")
    told = run(_ask(client(url, token, config), body))
    if as_json:
        tell_json(told)
        return
    tell(f"{told['decision']} ({told['reason']}), priority {told['priority']}; a rehearsal: nothing is stored or sent")
    for note in told.get("notes", ()):
        tell(f"  {note['path']}: {note['message']}")
    for target in told["targets"]:
        _tell(target)
    if told["decision"] == "accepted" and not told["targets"]:
        tell("no route leads to a channel: sockets alone would hear of it")


async def _ask(service: Client, body: bytes) -> Any:
    async with service:
        return await service.post("/api/v1/routes/test", body=body)


def _tell(target: dict[str, Any]) -> None:
    said = [f"{key} {' '.join(target[key])}" for key in ("mentions", "fallback") if target.get(key)]
    led = f"by {target['route']}" if target["route"] else None
    tell("  ".join(filter(None, (target["target"], led, target["state"], target.get("why"), *said))))
    if "message" in target:
        tell(json.dumps(target["message"], indent=2, ensure_ascii=False))
