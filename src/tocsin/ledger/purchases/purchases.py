"""The verbs of the book of purchases. Writes share the commits of everybody else; reads have their own connections."""

from collections.abc import Mapping, Sequence
from functools import partial

from tocsin.core.answer import Answer
from tocsin.core.delivery import Delivery
from tocsin.core.errors import InvalidRequestError
from tocsin.core.signal import Cost
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.purchases import (
    AnswerDraft,
    AnswerRule,
    Attribute,
    Entered,
    PurchaseDraft,
    PurchaseQuery,
    PurchaseRow,
)
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.people.change import Changed, Changing
from tocsin.ledger.people.vault import Vault
from tocsin.ledger.purchases import answers, entries, listing, months

MOST_DRAFTS = 100  # in one commit: whoever waits for the next one does so for tens of milliseconds
_ANSWER = 10  # rows that an answer reads and writes
_COST = 5  # rows read and written for one that is entered


class SqlPurchases:
    """`Purchases` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader, vault: Vault) -> None:
        self._writer = writer
        self._reader = reader
        self._changing = Changing(vault)

    async def enter(
        self, drafts: Sequence[PurchaseDraft], attribute: Attribute, author: str, *, dry_run: bool = False
    ) -> tuple[Entered, ...]:
        if len(drafts) > MOST_DRAFTS:
            raise InvalidRequestError(f"at most {MOST_DRAFTS} purchases at a time")
        turn = Turn(Rank.PEOPLE, max(1, len(drafts)) * _COST, lasts=True)
        return await self._writer.each(turn, entries.enter, drafts, attribute, author, dry_run=dry_run)

    async def answer(self, draft: AnswerDraft, rule: AnswerRule) -> tuple[Delivery, ...]:
        verb = partial(answers.answer, draft=draft, rule=rule)
        changed: Changed = await self._writer.do(Turn(Rank.PEOPLE, _ANSWER, lasts=True), self._changing, verb)
        cancelled: tuple[Delivery, ...] = changed.answer
        return cancelled

    async def keep_month(self, month: str, costs: Mapping[str, Cost]) -> None:
        await self._writer.each(Turn(Rank.UPKEEP), months.keep, month, costs)

    async def said(self, delivery: int) -> Answer | None:
        return await self._reader.read(answers.said, delivery)

    async def purchases(self, query: PurchaseQuery) -> Page[PurchaseRow]:
        return await self._reader.read(listing.purchases_page, query)
