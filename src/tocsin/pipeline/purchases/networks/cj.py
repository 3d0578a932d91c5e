"""CJ Affiliate: commission details. A correction is a row of its own, with sums that are added to the original's.

Source: CJ Developer Portal, "Commission Detail API" (publisherCommissions), and its CSV exports.
"""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

COLUMNS = {
    Column.EXTERNAL_ID: ("commissionId", "Commission ID"),
    Column.ORIGINAL_ID: ("originalActionId", "Original Action ID", "Action ID", "actionId"),
    Column.ORIGINAL: ("original",),
    Column.CLICK: ("shopperId", "Shopper ID", "SID"),
    Column.RETAILER: ("advertiserName", "Advertiser Name", "Advertiser"),
    Column.DATE: ("eventDate", "Event Date"),
    Column.STATE: ("actionStatus", "Action Status", "Status"),
    Column.AMOUNT: ("saleAmountUsd", "Sale Amount (USD)", "saleAmountPubCurrency", "Sale Amount", "saleAmount"),
    Column.COMMISSION: (
        *("pubCommissionAmountUsd", "Publisher Commission (USD)", "pubCommissionAmountPubCurrency"),
        *("Publisher Commission", "Commission", "Commission Amount"),
    ),
    Column.CURRENCY: ("pubCurrency", "Currency"),
}
STATES = {
    "new": PurchaseState.PENDING,
    "extended": PurchaseState.PENDING,
    "locked": PurchaseState.CONFIRMED,
    "closed": PurchaseState.CONFIRMED,
}


def sale(row: Reading) -> Sale:
    retailer, commission = row.text(Column.RETAILER), row.needed(Column.EXTERNAL_ID)
    is_original = row.flag(Column.ORIGINAL, usual=not row.is_negative)
    state = row.state(PurchaseState.PENDING)
    return Sale(
        external_id=row.text(Column.ORIGINAL_ID) or commission,
        entry=None if is_original else commission,
        bought=row.span(retailer),
        state=state if is_original else None,
        quantity=None,
        amount=row.sum(Column.AMOUNT),
        commission=row.sum(Column.COMMISSION),
        currency=row.currency,
        retailer=retailer,
        clicks=row.texts(Column.CLICK),
    )


CJ = Network(
    name="cj",
    columns=COLUMNS,
    needs=((Column.EXTERNAL_ID,), (Column.AMOUNT, Column.COMMISSION)),
    sale=sale,
    states=STATES,
    beside=frozenset(
        {
            *("correctionreason", "correction reason", "postingdate", "posting date", "orderid", "order id"),
            *("advertiserid", "advertiser id", "websiteid", "website id", "publisherid", "aid", "actiontype"),
            *("actiontrackerid", "actiontrackername", "country", "lockingdate", "validationstatus", "source"),
        }
    ),
)
