"""Changes of people, within a transaction: each knows the key, and whether who may be told is another by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, update
from sqlalchemy.exc import IntegrityError

from tocsin.core.delivery import Delivery
from tocsin.core.errors import PeopleKeyError, TocsinError
from tocsin.core.part import Part
from tocsin.ledger.contract.people import WordingRow
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.people.vault import Vault
from tocsin.ledger.queue.withdrawal import withdraw

_RAISE = (
    update(stream)
    .where(stream.c.people_mark.is_(None) | (stream.c.people_mark == bindparam("mark")))
    .values(directory_version=stream.c.directory_version + bindparam("by"), people_mark=bindparam("mark"))
)


class Change:
    """`directory`: who may be told, or what is known of them for telling, is another than before. `sealed`: something
    is kept with the key. `left`: the slots of those who may not be told any more.
    """

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self.transaction = transaction
        self.vault = vault
        self.directory = False
        self.sealed = False
        self.left: set[int] = set()
        self.wordings: dict[str, WordingRow] = {}

    @property
    def now(self) -> datetime:
        return self.transaction.now


Verb: TypeAlias = Callable[[Change], Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a verb answers, and what waited for people who left with it."""

    answer: Any
    cancelled: tuple[Delivery, ...] = ()


class Changing:
    """The work of the writer: each verb changes everything that it has to, or nothing, and answers with an error where
    it refuses; nobody else in the commit notices. The stream's lock comes last: who holds it waits for no contact.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def __call__(self, transaction: Transaction, verbs: Sequence[Verb]) -> list[Changed | TocsinError]:
        """Raises PeopleKeyError where somebody else keeps people in this ledger with another key."""
        done = [self._answer(transaction, verb) for verb in verbs]
        changes = [change for _, change in done if change is not None]
        cancelled = [tuple(withdraw(transaction, change.left)) if change and change.left else () for _, change in done]
        by = int(any(change.directory for change in changes))
        if by or any(change.sealed for change in changes):
            self._raise(transaction, by)
        return [
            answer if change is None else Changed(answer, gone)
            for (answer, change), gone in zip(done, cancelled, strict=True)
        ]

    def _raise(self, transaction: Transaction, by: int) -> None:
        if by:
            transaction.changed.add(Part.DIRECTORY)
        if not transaction.write(_RAISE, mark=self._vault.mark, by=by):
            raise PeopleKeyError("another service keeps the people of this ledger with another key: give both the same")

    def _answer(self, transaction: Transaction, verb: Verb) -> tuple[Any, Change | None]:
        """Where another service has just written the same, what it wrote is seen the second time."""
        try:
            return self._once(transaction, verb)
        except IntegrityError:
            return self._once(transaction, verb)

    def _once(self, transaction: Transaction, verb: Verb) -> tuple[Any, Change | None]:
        change = Change(transaction, self._vault)
        try:
            with transaction.undoing():
                return verb(change), change
        except TocsinError as refusal:
            return refusal, None
