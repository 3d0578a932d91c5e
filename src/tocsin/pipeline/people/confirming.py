"""Whom a file has added without proof is asked for it: a code goes to each phone, a link to each mailbox."""

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.core.address import AddressKind
from tocsin.core.errors import LedgerError, TocsinError
from tocsin.ledger.contract.people import AddressRow, ImportedRow, People
from tocsin.pipeline.people.verification import Verification

MOST = 100  # in one request: codes cost money, and somebody waits for the answer


@dataclass(frozen=True, slots=True)
class Confirmations:
    """`left` were not asked, because there were too many: they are found as unverified."""

    sent: int = 0
    failed: int = 0
    left: int = 0

    def as_json(self) -> dict[str, int]:
        return {"sent": self.sent, "failed": self.failed, "left": self.left}


async def confirm(
    verification: Verification, people: People, rows: Iterable[ImportedRow], public_url: str | None
) -> Confirmations:
    """What one of them cannot be sent keeps no other from it."""
    added = [(row.contact, address) for row in rows if row.contact is not None for address in row.addresses]
    sent = failed = 0
    for contact, identifier in added[:MOST]:
        try:
            owner = await people.contact(contact)
            address = next((one for one in owner.addresses if one.id == identifier), None)
            if address is not None:
                await _ask(verification, address, public_url)
            sent += 1
        except LedgerError:
            raise
        except TocsinError:
            failed += 1
    return Confirmations(sent, failed, max(0, len(added) - MOST))


async def _ask(verification: Verification, address: AddressRow, public_url: str | None) -> None:
    if address.kind is AddressKind.PHONE:
        await verification.send_code(address.contact, address.id, "sms", {})
    else:
        await verification.send_link(address.contact, address.id, public_url, {})
