"""Impact: the actions of a partner, which carry their state and the sums that stand now.

Source: impact.com, Partner API "Actions", and its reports.
"""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

COLUMNS = {
    Column.EXTERNAL_ID: ("Id", "Action Id"),
    Column.CLICK: ("SubId1", "Sub Id 1", "SharedId", "Shared Id"),
    Column.RETAILER: ("CampaignName", "Campaign Name", "Campaign", "Brand"),
    Column.SKU: ("SKU", "Item SKU"),
    Column.DATE: ("EventDate", "Event Date", "Action Date", "CreationDate", "Creation Date"),
    Column.STATE: ("State", "Status", "Action State"),
    Column.AMOUNT: ("Amount", "Sale Amount"),
    Column.COMMISSION: ("Payout", "Action Earnings", "Earnings"),
    Column.CURRENCY: ("Currency",),
}
STATES = {
    "pending": PurchaseState.PENDING,
    "approved": PurchaseState.CONFIRMED,
    "locked": PurchaseState.CONFIRMED,
    "reversed": PurchaseState.REVERSED,
}


def sale(row: Reading) -> Sale:
    """An action that was reversed comes with sums of 0: what it was stays known."""
    retailer, state = row.text(Column.RETAILER), row.state(PurchaseState.PENDING)
    stands = state is not PurchaseState.REVERSED
    return Sale(
        external_id=row.needed(Column.EXTERNAL_ID),
        bought=row.span(retailer),
        state=state,
        amount=row.sum(Column.AMOUNT) if stands else None,
        commission=row.sum(Column.COMMISSION) if stands else None,
        currency=row.currency,
        sku=row.text(Column.SKU),
        retailer=retailer,
        clicks=row.texts(Column.CLICK),
    )


IMPACT = Network(
    name="impact",
    columns=COLUMNS,
    needs=((Column.EXTERNAL_ID,), (Column.COMMISSION, Column.AMOUNT)),
    sale=sale,
    states=STATES,
    beside=frozenset(
        {
            *("campaignid", "campaign id", "actiontrackername", "actiontrackerid", "oid", "order id", "lockingdate"),
            *("locking date", "cleareddate", "referringdate", "referring date", "customerid", "customerstatus"),
            *("adid", "subid2", "subid3", "promocode", "uri", "eventcode", "statedetail", "referringdomain"),
        }
    ),
)
