"""`tocsin airtable` prepares a table for the copy of the history that people read."""

import typer

from tocsin.cli.console import tell, tell_json
from tocsin.cli.reach import Json
from tocsin.mirrors.airtable.columns import COLUMNS, KEY

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def airtable() -> None:
    """A copy of the history in Airtable.

    Example: `tocsin airtable fields`
    """


@app.command()
def fields(as_json: Json = False) -> None:
    """Print the columns to create. With --json: as Airtable's metadata API takes them.

    Example: `tocsin airtable fields --json`
    """
    if as_json:
        tell_json({"fields": [column.as_json() for column in COLUMNS]})
        return
    width = max(len(column.name) for column in COLUMNS)
    for column in COLUMNS:
        needed = "  (needed: rows are found by it)" if column is KEY else ""
        tell(f"{column.name:<{width}}  {column.kind}{needed}")
