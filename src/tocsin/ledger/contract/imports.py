"""Rows of files of people, read, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tocsin.ledger.contract.contacts import AddressDraft


class ImportResult(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A row of a file, read. What is none leaves what is there. `tags` are added."""

    row: int
    external_id: str | None = None
    name: str | None = None
    zone: str | None = None
    locale: str | None = None
    tags: frozenset[str] = frozenset()
    addresses: tuple[AddressDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A row of a file was imported: `note` says what was left out; `error`, in the form of all errors, why nothing was
    taken. `again`: it was taken before, and passed by now.
    """

    row: int
    result: ImportResult
    contact: UUID | None = None
    addresses: tuple[UUID, ...] = ()  # added by it, and not verified
    note: str = ""
    error: Mapping[str, Any] | None = None
    again: bool = False

    def as_json(self) -> dict[str, Any]:
        told = {"row": self.row, "result": self.result.value, "contact": self.contact and str(self.contact)}
        return told | {"note": self.note, "error": self.error}
