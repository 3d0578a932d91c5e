"""Any other report: columns by the names that most have, and by those that the caller gives them (`map=`)."""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

COLUMNS = {
    Column.EXTERNAL_ID: (
        *("external_id", "Transaction ID", "Conversion ID", "Order ID", "Order Number", "Order", "Reference", "ID"),
    ),
    Column.CLICK: (
        *("click", "Click ID", "Click Ref", "clickref", "customid", "Custom ID", "afftrack", "pubref", "subId1"),
        *("Sub ID", "sub_id", "subid", "sid", "u1", "aff_sub"),
    ),
    Column.TRACKING: ("tracking", "Tracking ID", "Campaign ID"),
    Column.SKU: ("SKU", "Product SKU", "Item SKU", "Product ID", "Item ID"),
    Column.RETAILER: ("retailer", "Advertiser", "Advertiser Name", "Merchant", "Shop", "Store", "Brand"),
    Column.DATE: ("Date", "Transaction Date", "Order Date", "Event Date", "Sale Date", "Created", "at"),
    Column.TIME: ("Time", "Transaction Time", "Order Time"),
    Column.QUANTITY: ("Quantity", "Qty", "Items", "# of Items"),
    Column.AMOUNT: ("Amount", "Sale Amount", "Sales", "Sale", "Revenue", "Order Value", "Order Amount", "Total"),
    Column.COMMISSION: ("Commission", "Total Commission", "Commission Amount", "Earnings", "Payout", "Fees"),
    Column.CURRENCY: ("Currency", "Currency Code"),
    Column.STATE: ("State", "Status", "Commission Status"),
}
STATES = {
    **dict.fromkeys(("pending", "new", "open", "tracked", "extended"), PurchaseState.PENDING),
    **dict.fromkeys(
        ("confirmed", "approved", "locked", "closed", "paid", "valid", "validated", "completed", "shipped"),
        PurchaseState.CONFIRMED,
    ),
    **dict.fromkeys(
        ("reversed", "declined", "rejected", "cancelled", "canceled", "deleted", "void", "voided", "returned"),
        PurchaseState.REVERSED,
    ),
}


def sale(row: Reading) -> Sale:
    """A row with sums below 0 is added to the purchase of its name."""
    retailer, name = row.text(Column.RETAILER), row.needed(Column.EXTERNAL_ID)
    entry = None
    if row.is_negative:
        told = (name, row.text(Column.DATE) or "", row.plain(Column.AMOUNT), row.plain(Column.COMMISSION))
        entry = row.numbered("|".join(told))
    state, quantity = row.state(PurchaseState.CONFIRMED), row.whole(Column.QUANTITY)
    return Sale(
        external_id=name,
        entry=entry,
        bought=row.span(retailer),
        state=state if entry is None else None,
        quantity=quantity if entry is None or quantity is None else -abs(quantity),
        amount=row.sum(Column.AMOUNT),
        commission=row.sum(Column.COMMISSION),
        currency=row.currency,
        sku=row.text(Column.SKU),
        retailer=retailer,
        clicks=row.texts(Column.CLICK),
        tracking=row.text(Column.TRACKING),
    )


GENERIC = Network(
    name="generic",
    columns=COLUMNS,
    needs=((Column.EXTERNAL_ID,), (Column.AMOUNT, Column.COMMISSION, Column.CLICK)),
    sale=sale,
    states=STATES,
)
