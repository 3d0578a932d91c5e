"""`tocsin nodes` lists the processes that share the ledger."""

from typing import Any

from tocsin.cli.console import hint, run, tell_json, tell_table
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client

HEAD = ("node", "state", "version", "configuration", "lanes", "jobs")


def nodes(config: ConfigFile = None, url: Url = None, token: Token = None, as_json: Json = False) -> None:
    """Print which nodes there are, how many lanes and jobs each works, and in what they differ.

    Example: `tocsin nodes`
    """
    told = run(_asked(config, url, token))
    if as_json:
        tell_json(told)
        return
    tell_table([_row(node) for node in told["nodes"]], HEAD)
    for what, who in told["differences"].items():
        hint(f"Their {what} differs: {who}.")


async def _asked(config: Any, url: str | None, token: str | None) -> Any:
    async with client(url, token, config) as service:
        return await service.get("/api/v1/nodes")


def _row(node: Any) -> tuple[str, ...]:
    name = f"{node['name']} (asked)" if node["this"] else node["name"]
    return name, node["state"], node["version"], node["configuration"], str(len(node["lanes"])), str(len(node["jobs"]))
