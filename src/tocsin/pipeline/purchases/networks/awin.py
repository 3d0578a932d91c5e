"""Awin: the transactions of a publisher. Their times have no zone.

Source: Awin API, "GET transactions (list)", and the transaction exports of its interface.
"""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

COLUMNS = {
    Column.EXTERNAL_ID: ("id", "Transaction ID"),
    Column.CLICK: (
        *("clickRefs.clickRef", "clickRef", "Click Ref"),
        *(f"{start}{number}" for number in range(2, 7) for start in ("clickRefs.clickRef", "clickRef", "Click Ref ")),
    ),
    Column.RETAILER: ("advertiserName", "Advertiser Name", "Advertiser", "Programme Name"),
    Column.DATE: ("transactionDate", "Transaction Date"),
    Column.STATE: ("commissionStatus", "Commission Status", "Status"),
    Column.AMOUNT: ("saleAmount.amount", "Sale Amount", "saleAmount"),
    Column.COMMISSION: ("commissionAmount.amount", "Commission Amount", "commissionAmount", "Commission"),
    Column.CURRENCY: ("saleAmount.currency", "commissionAmount.currency", "Sale Currency", "Currency"),
}
STATES = {
    "pending": PurchaseState.PENDING,
    "approved": PurchaseState.CONFIRMED,
    "declined": PurchaseState.REVERSED,
    "deleted": PurchaseState.REVERSED,
}


def sale(row: Reading) -> Sale:
    retailer = row.text(Column.RETAILER)
    return Sale(
        external_id=row.needed(Column.EXTERNAL_ID),
        bought=row.span(retailer),
        state=row.state(PurchaseState.PENDING),
        amount=row.sum(Column.AMOUNT),
        commission=row.sum(Column.COMMISSION),
        currency=row.currency,
        retailer=retailer,
        clicks=row.texts(Column.CLICK),
    )


AWIN = Network(
    name="awin",
    columns=COLUMNS,
    needs=((Column.EXTERNAL_ID,), (Column.COMMISSION, Column.AMOUNT)),
    sale=sale,
    states=STATES,
    beside=frozenset(
        {
            *("url", "advertiserid", "advertiser id", "publisherid", "publisher id", "sitename", "clickdate"),
            *("click date", "validationdate", "validation date", "type", "declinereason", "decline reason", "amended"),
            *("vouchercodeused", "vouchercode", "lapsetime", "orderref", "order ref", "clickdevice", "clicktime"),
            *("transactiondevice", "commissionsharingpublisherid", "customercountry", "paidtopublisher", "paymentid"),
        }
    ),
    day_first=True,
)
