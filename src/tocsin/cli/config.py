"""`tocsin config` shows the configuration in force, and what it may hold."""

import json
import os

import typer

from tocsin.cli.console import tell_json, tell_table
from tocsin.cli.reach import ConfigFile, Json
from tocsin.config.reading.loading import load
from tocsin.config.schema import json_schema
from tocsin.config.shown import shown

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def config() -> None:
    """The configuration.

    Example: `tocsin config show --config alerts.json`
    """


@app.command()
def show(config: ConfigFile = None, as_json: Json = False) -> None:
    """Print the configuration in force, secrets masked, with the source of each value.

    Example: `tocsin config show --config alerts.json`
    """
    rows = list(shown(load(config, os.environ)))
    if as_json:
        tell_json([row.as_json() for row in rows])
        return
    table = [(row.path, json.dumps(row.value, ensure_ascii=False), " ".join(filter(None, row.source))) for row in rows]
    tell_table(table, ("key", "value", "source"))


@app.command()
def schema() -> None:
    """Print the JSON schema of the file, for editors.

    Example: `tocsin config schema > tocsin.schema.json`
    """
    tell_json(json_schema())
