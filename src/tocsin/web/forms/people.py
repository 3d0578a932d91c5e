"""A contact and everything about it: addresses, consents, who is left alone, and what became of a file of people."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.address import AddressKind, AddressState, AddressWhy, Consent
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import ContactState, ImportResult
from tocsin.web.forms.form import (
    ANYTHING,
    FLAG,
    ID,
    TEXT,
    TIME,
    WHOLE,
    Form,
    explained,
    maybe,
    one_of,
    record,
    ref,
    several,
)

_SHOWN = explained(TEXT, "What may be seen of it: `+1 *** *** 4567`.")
_ANY: Form = {}

_ADDRESS: Mapping[str, Form] = {
    "id": ID,
    "kind": one_of(AddressKind),
    "shown": _SHOWN,
    "state": one_of(AddressState),
    "why": explained(maybe(one_of(AddressWhy)), "Why it is suppressed or dead."),
    "consent": one_of(Consent),
    "verified_at": maybe(TIME),
    "created_at": TIME,
}
_OF_DEVICES: Mapping[str, Form] = {
    "last_seen_at": explained(maybe(TIME), "Of devices and browsers."),
    "device": explained(maybe(TEXT), "The id that the app has for itself."),
    "platform": maybe(TEXT),
    "app_version": maybe(TEXT),
    "sounds": several(TEXT),
}
_WORDING = record({"version": maybe(TEXT), "sha256": TEXT})

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Address": record({**_ADDRESS, **_OF_DEVICES}, needed=tuple(_ADDRESS)),
        "Contact": record(
            {
                "id": ID,
                "external_id": maybe(TEXT),
                "name": TEXT,
                "tags": several(TEXT),
                "zone": maybe(TEXT),
                "locale": maybe(TEXT),
                "state": one_of(ContactState),
                "paused_until": maybe(TIME),
                "addresses": several(ref("Address")),
                "preferences": ANYTHING,
                "version": explained(WHOLE, "Grows with each change; the ETag."),
                "created_at": TIME,
                "updated_at": TIME,
            }
        ),
        "Verification": record(
            {
                "resend_after": explained(WHOLE, "Seconds: before that it is not sent again."),
                "expires_at": TIME,
                "sends_left": WHOLE,
            }
        ),
        "Erased": record({"erased_at": TIME, "kept": several(TEXT)}),
        "Consent": record(
            {
                "id": ID,
                "at": TIME,
                "contact": ID,
                "address": ID,
                "channel": TEXT,
                "event": one_of(ConsentEvent),
                "source": one_of(ConsentSource),
                "wording": maybe(_WORDING),
                "ip": maybe(TEXT),
                "user_agent": maybe(TEXT),
                "evidence": _ANY,
                "provider": _ANY,
                "by": explained(TEXT, "On whose word: `token:moderator`, `person`, `provider:NAME`."),
                "previous": explained(maybe(TEXT), "The hash of the entry before for that contact."),
                "hash": TEXT,
            }
        ),
        "Suppression": record(
            {
                "id": ID,
                "kind": one_of(AddressKind),
                "shown": _SHOWN,
                "why": one_of(AddressWhy),
                "reason": TEXT,
                "by": TEXT,
                "at": TIME,
                "lifted_at": maybe(TIME),
                "lifted_by": maybe(TEXT),
                "lifted_reason": maybe(TEXT),
            }
        ),
        "List": record(
            {
                "target": explained(TEXT, "As routes name it."),
                "channel": TEXT,
                "name": TEXT,
                "tag": TEXT,
                "contacts": several(ID),
                "max_recipients": explained(maybe(WHOLE), "Null: the channel's."),
                "fair": {"enum": ["rotate"]},
                "written_down": explained(WHOLE, "How many addresses the configuration file has for it."),
                "reachable": explained(
                    maybe(WHOLE), "Addresses that can be told at this moment. Null: no channel tells it."
                ),
                "told_now": explained(maybe(WHOLE), "How many of those an alert is told to: `max_recipients` at most."),
                "from_configuration": explained(FLAG, "Whether the configuration file has it: calls cannot change it."),
            },
            needed=(
                *("target", "channel", "name", "max_recipients", "fair"),
                *("written_down", "reachable", "told_now", "from_configuration"),
            ),
        ),
        "ImportReport": record(
            {
                **{result.value: explained(WHOLE, "Rows.") for result in ImportResult},
                "taken_before": explained(
                    WHOLE, "Rows of this very file that were done before, and are not told again."
                ),
                "unverified": explained(WHOLE, "Addresses that were added and have to be confirmed."),
                "notes": explained(several(TEXT), "About the file as a whole."),
                "dry_run": FLAG,
                "confirmations": explained(
                    maybe(record({"sent": WHOLE, "failed": WHOLE, "left": WHOLE})),
                    "Codes and links.",
                ),
                "rows": explained(several(ref("ImportedRow")), "Those that something is to be said of."),
            }
        ),
        "ImportedRow": record(
            {
                "row": WHOLE,
                "result": one_of(ImportResult),
                "contact": maybe(ID),
                "note": TEXT,
                "error": maybe(ref("Problem")),
            }
        ),
    }
)
