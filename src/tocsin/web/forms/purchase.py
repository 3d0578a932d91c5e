"""A purchase, what was known of it before, and what became of a network's report."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.attribution import CreditReason
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.contract.purchases import EntryResult
from tocsin.pipeline.purchases.importing import RowResult
from tocsin.web.forms.form import (
    FLAG,
    ID,
    MONEY,
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

_STANDING: Mapping[str, Form] = {
    "state": one_of(PurchaseState),
    "quantity": WHOLE,
    "amount": maybe(MONEY),
    "commission": maybe(MONEY),
}
_PURCHASE: Mapping[str, Form] = {
    "id": ID,
    "source": explained(TEXT, "Who told of it: a shop, a network; `bought`: a person did."),
    "external_id": TEXT,
    "at": TIME,
    **_STANDING,
    "currency": maybe(TEXT),
    "sku": maybe(TEXT),
    "retailer": maybe(TEXT),
    "credit": ref("Credit"),
    "revisions": explained(several(ref("Revision")), "What was known of it, the oldest first."),
}

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Credit": record(
            {
                "reason": explained(one_of(CreditReason), "How it is credited, or why it is not."),
                "target": explained(maybe(TEXT), "Null: to nobody."),
                "alert_id": maybe(ID),
                "delivery_id": explained(maybe(ID), "Null where only the channel is known."),
                "clicked_at": maybe(TIME),
            }
        ),
        "Revision": record({"entered_at": TIME, **_STANDING, "by": explained(TEXT, "On whose word.")}),
        "Purchase": record(_PURCHASE),
        "EnteredPurchase": record({**_PURCHASE, "result": one_of(EntryResult)}),
        "PurchaseReport": record(
            {
                **{result.value: explained(WHOLE, "Rows.") for result in RowResult},
                "unknown_columns": explained(several(TEXT), "Headers that are not read."),
                "notes": explained(several(TEXT), "About the file as a whole."),
                "dry_run": FLAG,
                "rows": explained(several(ref("ImportedSale")), "Those that something is to be said of."),
            }
        ),
        "ImportedSale": record(
            {
                "row": WHOLE,
                "result": one_of(RowResult),
                "external_id": maybe(TEXT),
                "reason": explained(maybe(one_of(CreditReason)), "How it is credited, or why it is not."),
                "error": maybe(ref("Problem")),
            }
        ),
    }
)
