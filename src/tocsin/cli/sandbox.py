"""`tocsin sandbox` runs the providers, simulated."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.console import run, tell
from tocsin.core.errors import CannotListenError
from tocsin.sandbox import Sandbox, serve


def sandbox(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8766,
    mail_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port of the mail server; 0 takes a free one.")
    ] = 0,
    webhook: Annotated[list[str] | None, typer.Option(help="A Discord webhook to make; may be repeated.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Write what arrives to this file, a JSON object a line.")] = None,
    limits: Annotated[bool, typer.Option(help="Hold callers to the providers' rate limits.")] = True,
) -> None:
    """Run the providers, simulated: their limits, their errors, and faults on demand.

    Example: `tocsin sandbox --webhook high_priority --webhook general`
    """
    names = webhook or ["high_priority", "general"]
    try:
        with contextlib.suppress(KeyboardInterrupt):
            run(
                serve(
                    host,
                    port,
                    mail_port=mail_port,
                    webhooks=names,
                    limits=limits,
                    journal=journal,
                    ready=_announce(names),
                )
            )
    except OSError as problem:
        raise CannotListenError(
            f"{host}:{port}", problem, "stop what listens there, or choose another --port"
        ) from None


def _announce(names: list[str]) -> Callable[[Sandbox], None]:
    def announce(sandbox: Sandbox) -> None:
        tell(f"What arrives     {sandbox.url}/")
        for target, address in sandbox.addresses(names).items():
            tell(f"{target:<24} {address}")
        for key, value in sandbox.account().items():
            tell(f"{key:<24} {value}")

    return announce
