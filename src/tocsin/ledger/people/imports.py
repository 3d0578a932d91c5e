"""Rows of imported files are taken, each by itself; one that was taken before is passed by."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from tocsin.core.address import AddressState, Consent
from tocsin.core.errors import AddressTakenError, TocsinError
from tocsin.core.record import rfc3339
from tocsin.ledger.contract.people import (
    AddressDraft,
    ConsentRule,
    ContactDraft,
    ImportedRow,
    ImportResult,
    ImportRow,
)
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people import addresses, contacts, suppressions
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import OUTLIVE, enter
from tocsin.ledger.people.held import WRITTEN, held_by_key
from tocsin.ledger.people.schema import imports

_DONE = select(imports.c.row, imports.c.result).where(
    imports.c.file == bindparam("content"), among(imports.c.row, "rows")
)
_NOTE = insert(imports)


def take(
    change: Change,
    file: str,
    rows: Sequence[ImportRow],
    author: str,
    rule: ConsentRule,
    *,
    dry_run: bool,
    announce: bool | None,
) -> tuple[ImportedRow, ...]:
    """Nobody is told less by what a file says: so it may be announced late."""
    with change.transaction.undoing() as tried:
        done = {row.row: row.result for row in change.transaction.rows(_DONE, content=file, rows=[r.row for r in rows])}
        results = tuple(
            _again(row, done[row.row]) if row.row in done else _one(change, row, author, rule) for row in rows
        )
        taken = [one for one in results if one.row not in done and one.result is not ImportResult.INVALID]
        change.transaction.write_each(
            _NOTE, [{"file": file, "row": one.row, "result": one.result.value, "at": change.now} for one in taken]
        )
        if dry_run:
            tried.rollback()
    if dry_run or announce is not None:
        change.directory, change.sealed = announce is True and not dry_run, not dry_run
    return tuple(replace(one, contact=None, addresses=()) for one in results) if dry_run else results


def _again(row: ImportRow, before: str) -> ImportedRow:
    result = ImportResult.SUPPRESSED if before == ImportResult.SUPPRESSED else ImportResult.UNCHANGED
    return ImportedRow(row=row.row, result=result, again=True)


def _one(change: Change, row: ImportRow, author: str, rule: ConsentRule) -> ImportedRow:
    """All of it, or nothing."""
    try:
        with change.transaction.undoing():
            return _Row(change, row, author, rule).take()
    except TocsinError as refusal:
        change.wordings.clear()  # one that came with this row is not kept
        return ImportedRow(row=row.row, result=ImportResult.INVALID, error=refusal.as_json()["error"])


class _Row:
    def __init__(self, change: Change, row: ImportRow, author: str, rule: ConsentRule) -> None:
        self._change, self._row, self._author, self._rule = change, row, author, rule
        self._notes: list[str] = []
        self._added: list[UUID] = []
        self._drafts = [(draft, self._there(draft)) for draft in row.addresses]

    def take(self) -> ImportedRow:
        row, contact = self._row, self._contact()
        welcome = [(draft, there) for draft, there in self._drafts if not self._is_barred(draft)]
        if contact is None and row.addresses and not welcome:
            return self._result(None, ImportResult.SUPPRESSED)
        if contact is None:
            contact, result = self._make(), ImportResult.CREATED
        else:
            result = ImportResult.UPDATED if self._fill(contact) else ImportResult.UNCHANGED
        for draft, there in welcome:
            if self._take_address(contact, draft, there) and result is ImportResult.UNCHANGED:
                result = ImportResult.UPDATED
        return self._result(contact, ImportResult.SUPPRESSED if len(welcome) < len(row.addresses) else result)

    def _there(self, draft: AddressDraft) -> AnyRow | None:
        """Of a contact: what an operator wrote down is taken over by whoever it belongs to."""
        row = addresses.by_lookup(self._change, self._change.vault.lookup(draft.value))
        return None if row is None or row.contact_state == WRITTEN else row

    def _contact(self) -> AnyRow | None:
        """Whose row this is: by its external id, else by whom its addresses belong to. Raises AddressTakenError."""
        named = contacts.by_external_id(self._change, self._row.external_id) if self._row.external_id else None
        found = {there.contact for _, there in self._drafts if there is not None}
        if len(found | ({named.key} if named is not None else set())) > 1:
            raise AddressTakenError(
                "its phone, mailbox and external_id are of different contacts: put them together first"
            )
        contact = held_by_key(self._change, found.pop()) if found else named
        wanted = self._row.external_id
        if contact is not None and wanted and contact.external_id not in (None, wanted):
            raise AddressTakenError(f"its address belongs to the contact with the external_id {contact.external_id!r}")
        return contact

    def _make(self) -> AnyRow:
        row = self._row
        draft = ContactDraft(
            name=row.name or "", external_id=row.external_id, zone=row.zone, locale=row.locale, tags=row.tags
        )
        return contacts.make(self._change, draft)

    def _fill(self, contact: AnyRow) -> bool:
        """What the row says is so from now on; what it does not say stays."""
        row = self._row
        told = {"external_id": row.external_id, "name": row.name, "zone": row.zone, "locale": row.locale}
        changes: dict[str, Any] = {name: value for name, value in told.items() if value}
        if row.tags:
            changes["tags"] = row.tags | contacts.tags_of(self._change, contact.key)
        return contacts.write(self._change, contact, **changes)

    def _take_address(self, contact: AnyRow, draft: AddressDraft, there: AnyRow | None) -> bool:
        """Whether it is new, or consented to now where it was not."""
        if there is None:
            added, _ = addresses.add(self._change, contact, draft, self._author, self._rule, by_person=False)
            if added.state is AddressState.UNVERIFIED:
                self._added.append(added.id)
            return True
        if draft.consent is None or there.consent == Consent.GRANTED.value:
            return False
        return enter(self._change, there, draft.consent, self._rule).moved

    def _is_barred(self, draft: AddressDraft) -> bool:
        """Whatever the file says: who has stopped is not brought back by it."""
        lookup = self._change.vault.lookup(draft.value)
        known = suppressions.in_force(self._change, lookup) if draft.value.kind in OUTLIVE else None
        if known is None:
            return False
        note = f"{draft.value.shown} does not want to be told ({known.why}, {rfc3339(known.at)}), and stays so"
        given = draft.consent.at if draft.consent is not None else None
        if given is not None and given > known.at:
            note += f"; the file says that consent was given again ({rfc3339(given)}): ask the person"
        self._notes.append(note)
        return True

    def _result(self, contact: AnyRow | None, result: ImportResult) -> ImportedRow:
        return ImportedRow(
            row=self._row.row,
            result=result,
            contact=None if contact is None else contact.id,
            addresses=tuple(self._added),
            note="; ".join(self._notes),
        )
