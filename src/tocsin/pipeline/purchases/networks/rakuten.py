"""Rakuten Advertising: the transaction reports of publishers. What is taken back is a row of its own, below 0.

Source: Rakuten Advertising, "Individual Item Report" and the newer "Transaction" reports.
"""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

COLUMNS = {
    Column.CLICK: ("Member ID (U1)", "U1", "Member ID", "Sub ID"),
    Column.EXTERNAL_ID: ("Transaction ID", "eTransaction ID"),
    Column.ORDER: ("Order ID", "Order Number"),
    Column.RETAILER: ("Advertiser Name", "Advertiser", "Merchant Name"),
    Column.SKU: ("SKU", "SKU Number", "Product SKU"),
    Column.DATE: ("Transaction Date", "Transaction Created On Date"),
    Column.TIME: ("Transaction Time", "Transaction Created On Time"),
    Column.PROCESSED: ("Process Date", "Process Time"),
    Column.AMOUNT: ("Sales", "Sale Amount", "Gross Sales"),
    Column.QUANTITY: ("# of Items", "Number of Items", "Quantity", "Items"),
    Column.COMMISSION: ("Total Commission", "Commission", "Commissions", "Gross Commissions"),
    Column.CURRENCY: ("Currency", "Currency Code"),
}


def sale(row: Reading) -> Sale:
    retailer = row.text(Column.RETAILER)
    bought = row.span(retailer)
    name = row.text(Column.EXTERNAL_ID) or _made(row)
    entry = None
    if row.is_negative:
        told = (name, *row.texts(Column.PROCESSED), row.plain(Column.AMOUNT), row.plain(Column.COMMISSION))
        entry = row.numbered("|".join(told))
    quantity = row.whole(Column.QUANTITY)
    return Sale(
        external_id=name,
        entry=entry,
        bought=bought,
        state=PurchaseState.CONFIRMED if entry is None else None,
        quantity=quantity if entry is None or quantity is None else -abs(quantity),
        amount=row.sum(Column.AMOUNT),
        commission=row.sum(Column.COMMISSION),
        currency=row.currency,
        sku=row.text(Column.SKU),
        retailer=retailer,
        clicks=row.texts(Column.CLICK),
    )


def _made(row: Reading) -> str:
    """An order has several rows, one for each article."""
    return "|".join((row.needed(Column.ORDER), row.text(Column.SKU) or "", row.text(Column.DATE) or ""))


RAKUTEN = Network(
    name="rakuten",
    columns=COLUMNS,
    needs=((Column.EXTERNAL_ID, Column.ORDER), (Column.AMOUNT, Column.COMMISSION)),
    sale=sale,
    beside=frozenset({"mid", "advertiser id", "product name", "offer name", "category", "transaction type"}),
)
