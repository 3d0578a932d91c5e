"""Answers under idempotency keys are kept for 24 h: the same request again gets the same words."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select

from tocsin.core.errors import ConflictError
from tocsin.ledger.contract import Idempotency, Submission
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import idempotency
from tocsin.ledger.engine.transaction import Transaction

KEPT = timedelta(hours=24)

ITEM = "item"
MAX_ALERT = 64 * 1024  # bytes

_FIND = select(idempotency).where(among(idempotency.c.key, "keys"), among(idempotency.c.covers, "covers"))
_FORGET = delete(idempotency).where(
    idempotency.c.key == bindparam("k"), idempotency.c.owner == bindparam("o"), idempotency.c.covers == bindparam("c")
)


class Answers:
    """The answers that one transaction may have to repeat, and those that it gives: twins inside it see each other."""

    def __init__(self, transaction: Transaction, submissions: Iterable[Submission]) -> None:
        self._transaction = transaction
        self._known: dict[tuple[str, str, str], tuple[str, str]] = {}
        self._fresh: list[tuple[str, str, str]] = []
        self._old: list[tuple[str, str, str]] = []
        wanted = {pair for submission in submissions for pair in _wanted(submission)}
        if wanted:
            self._load(sorted({key for key, _ in wanted}), sorted({covers for _, covers in wanted}))

    def recall(self, covered: Idempotency | None, covers: str) -> Any | None:
        """Find what was answered before. Raises ConflictError where it was to something else."""
        if covered is None:
            return None
        known = self._known.get((covered.key, covered.owner, covers))
        if known is None:
            return None
        digest, answer = known
        if digest != covered.digest:
            raise ConflictError(
                f"the idempotency key {covered.key!r} was used within 24 h for something else: "
                "draw a new key for each new request, and repeat a request only as it was"
            )
        return orjson.loads(answer)

    def keep(self, covered: Idempotency | None, covers: str, answer: Any) -> None:
        if covered is not None:
            name = (covered.key, covered.owner, covers)
            self._known[name] = (covered.digest, orjson.dumps(answer).decode())
            self._fresh.append(name)

    def save(self) -> None:
        replaced = [{"k": key, "o": owner, "c": covers} for key, owner, covers in self._old]
        self._transaction.write_each(_FORGET, replaced)
        now = self._transaction.micros
        self._transaction.insert(idempotency, [(*name, *self._known[name], now) for name in self._fresh])

    def _load(self, keys: list[str], covers: list[str]) -> None:
        for key, owner, of, digest, answer, at in self._transaction.rows(_FIND, keys=keys, covers=covers):
            if at > self._transaction.now - KEPT:
                self._known[key, owner, of] = (digest, answer)
            else:
                self._old.append((key, owner, of))


def write_one(transaction: Transaction) -> None:
    """Write an answer to nobody, as large as an alert may be: it commits, or says why an alert could not."""
    transaction.write_each(_FORGET, [{"k": "", "o": "", "c": "nothing"}])
    transaction.insert(idempotency, [("", "", "nothing", "", "x" * MAX_ALERT, transaction.micros)])


def _wanted(submission: Submission) -> Iterable[tuple[str, str]]:
    """Keys, each with what it covers."""
    if submission.idempotency is not None:
        yield submission.idempotency.key, submission.covers
    for item in submission.items:
        if item.idempotency is not None:
            yield item.idempotency.key, ITEM
