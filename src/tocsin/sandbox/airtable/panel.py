"""Airtable on the page: its tables, with the newest rows."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.sandbox.airtable.api import Airtable
from tocsin.sandbox.panel import Order


class AirtablePanel:
    name: ClassVar[str] = "airtable"

    def __init__(self, airtable: Airtable) -> None:
        self._airtable = airtable

    def shown(self, most: int) -> Mapping[str, Any]:
        return {"tables": [{**table, "rows": table["rows"][-most:][::-1]} for table in self._airtable.drawn()]}

    def orders(self) -> tuple[Order, ...]:
        return ()
