"""Each entry of consent carries the hash of the contact's entry before: one that is taken away, or changed, shows."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from tocsin.core.clock import epoch_micros
from tocsin.ledger.contract.people import ChainCheck, ConsentRow
from tocsin.ledger.people.vault import Vault


def private_of(vault: Vault, ip: str | None, user_agent: str | None, evidence: str | None) -> str:
    """The keyed hash of what tells of the person: it stands for that once it is erased."""
    return vault.digest(_text([ip, user_agent, evidence]))


def hash_of(entry: ConsentRow) -> str:
    """Over everything of it but what erasing takes out, and the hash itself."""
    covered = [
        str(entry.id),
        str(entry.contact),
        epoch_micros(entry.at),
        str(entry.address),
        entry.lookup.hex(),
        *(entry.channel, entry.event.value, entry.source.value, entry.wording, entry.private),
        *(packed(entry.provider), entry.author, entry.previous),
    ]
    return hashlib.sha256(_text(covered).encode()).hexdigest()


def check(vault: Vault, entries: Sequence[ConsentRow], head: str | None, *, erased: bool) -> ChainCheck:
    """`head` is the hash that the contact has of its newest."""
    before: str | None = None
    for entry in entries:
        if entry.previous != before or entry.hash != hash_of(entry) or not (erased or _is_whole(vault, entry)):
            return ChainCheck(len(entries), broken=True, at=entry.id)
        before = entry.hash
    return ChainCheck(len(entries), broken=before != head)


def packed(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _is_whole(vault: Vault, entry: ConsentRow) -> bool:
    return entry.private == private_of(vault, entry.ip, entry.user_agent, packed(entry.evidence))


def _text(values: Sequence[Any]) -> str:
    return orjson.dumps(values).decode()
