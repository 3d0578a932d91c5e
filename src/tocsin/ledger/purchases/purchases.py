"""The verbs of the book of purchases. Writes share the commits of everybody else; reads have their own connections."""

from collections.abc import Sequence

from tocsin.core.errors import InvalidRequestError
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.purchases import Attribute, Entered, PurchaseDraft, PurchaseQuery, PurchaseRow
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.purchases import entries, listing

MOST_DRAFTS = 100  # in one commit: whoever waits for the next one does so for tens of milliseconds
_COST = 5  # rows read and written for one that is entered


class SqlPurchases:
    """`Purchases` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def enter(
        self, drafts: Sequence[PurchaseDraft], attribute: Attribute, author: str, *, dry_run: bool = False
    ) -> tuple[Entered, ...]:
        if len(drafts) > MOST_DRAFTS:
            raise InvalidRequestError(f"at most {MOST_DRAFTS} purchases at a time")
        turn = Turn(Rank.PEOPLE, max(1, len(drafts)) * _COST, lasts=True)
        return await self._writer.each(turn, entries.enter, drafts, attribute, author, dry_run=dry_run)

    async def purchases(self, query: PurchaseQuery) -> Page[PurchaseRow]:
        return await self._reader.read(listing.purchases_page, query)
