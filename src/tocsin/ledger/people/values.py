"""What is said of a phone or mailbox, whether it is anybody's address or not."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, update

from tocsin.core.address import DEADLY, AddressState, AddressValue, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import InvalidRequestError
from tocsin.core.signal import Signal
from tocsin.ledger.contract.people import ConsentDraft, ConsentRule, Entered, Said, SuppressionRow
from tocsin.ledger.people import suppressions
from tocsin.ledger.people.addresses import by_lookup
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import OUTLIVE, enter
from tocsin.ledger.people.held import held_by_key, touch
from tocsin.ledger.people.schema import addresses
from tocsin.ledger.queue.signals import keep_of_persons

_UNVERIFY = (
    update(addresses).where(addresses.c.key == bindparam("slot")).values(state=AddressState.UNVERIFIED.value, why=None)
)


def hear(change: Change, value: AddressValue, draft: ConsentDraft, rule: ConsentRule) -> Entered | None:
    """None where it is nobody's: whoever has never been kept can stop all the same, and start again."""
    lookup = change.vault.lookup(value)
    row = by_lookup(change, lookup)
    if row is not None:
        held_by_key(change, row.contact)
        return enter(change, row, draft, rule)
    if _is_out(draft) and value.kind in OUTLIVE:
        why, event = draft.why or AddressWhy.PROVIDER_OPT_OUT, draft.event.value
        suppressions.suppress(change, value.kind, lookup, shown=value.shown, why=why, reason=event, author=draft.author)
    elif draft.event is ConsentEvent.RESUMED and (known := suppressions.in_force(change, lookup)):
        suppressions.lift(change, known.id, reason=draft.event.value, author=draft.author)
    return None


def _is_out(draft: ConsentDraft) -> bool:
    refused = draft.event is ConsentEvent.REFUSED_BY_PROVIDER and draft.why not in DEADLY
    return refused or draft.event is ConsentEvent.WITHDRAWN


def listen(change: Change, said: Sequence[Said], rule: ConsentRule) -> tuple[Signal, ...]:
    """A word that is heard again changes nothing, whatever was said since."""
    fresh = {one.event_id: one for one in keep_of_persons(change.transaction, [each.signal for each in said])}
    for each in said:
        if each.draft is not None and fresh.get(each.signal.event_id) is each.signal:
            hear(change, each.value, each.draft, rule)
    return tuple(fresh.values())


def suppress(change: Change, value: AddressValue, reason: str, author: str, rule: ConsentRule) -> SuppressionRow:
    """By an operator. Raises InvalidRequestError for what is no phone or mailbox."""
    if value.kind not in OUTLIVE:
        raise InvalidRequestError("phones and mailboxes are suppressed; a device or browser is removed")
    lookup = change.vault.lookup(value)
    row = by_lookup(change, lookup)
    suppressed = suppressions.suppress(
        change, value.kind, lookup, shown=value.shown, why=AddressWhy.OPERATOR, reason=reason, author=author
    )
    if row is not None and row.state != AddressState.SUPPRESSED.value:
        held_by_key(change, row.contact)
        leave = ConsentDraft(
            event=ConsentEvent.WITHDRAWN,
            source=ConsentSource.OPERATOR,
            author=author,
            why=AddressWhy.OPERATOR,
            evidence={"reason": reason},
        )
        enter(change, row, leave, rule)
    return suppressed


def lift(change: Change, identifier: UUID, reason: str, author: str) -> SuppressionRow:
    """By an operator: its owner may be asked again. Nobody is told before the answer."""
    lifted, lookup = suppressions.lift(change, identifier, reason=reason, author=author)
    row = by_lookup(change, lookup)
    if row is not None and row.state == AddressState.SUPPRESSED.value:
        change.transaction.write(_UNVERIFY, slot=row.key)
        touch(change, row.contact)
        change.directory = True
    return lifted
