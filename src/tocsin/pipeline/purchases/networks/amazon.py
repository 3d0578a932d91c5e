"""Amazon Associates: fee earnings, as Associates Central writes them (no order id; tracking ids, seldom the sub tag).

Source: Associates Central, "Earnings" and "Orders" reports, downloaded as CSV or TSV in English and other languages.
"""

from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.reading import Reading
from tocsin.pipeline.purchases.sale import Sale

RETAILER = "amazon"

COLUMNS = {
    Column.TRACKING: (
        *("Tracking ID", "Tracking-ID", "Partner-Tracking-ID", "ID de suivi", "ID de seguimiento"),
        *("ID di tracciamento", "Tracking"),
    ),
    Column.CLICK: ("Sub Tag", "SubTag", "Sub-Tag", "ascsubtag"),
    Column.SKU: ("ASIN",),
    Column.DATE: (
        *("Date Shipped", "Ship Date", "Date", "Versanddatum", "Datum des Versands", "Date d'expédition"),
        *("Fecha de envío", "Data di spedizione"),
    ),
    Column.PRICE: ("Price", "Preis", "Prix", "Precio", "Prezzo"),
    Column.QUANTITY: (
        *("Items Shipped", "Shipped Items", "Qty", "Quantity", "Versandte Artikel", "Articles expédiés"),
        *("Productos enviados", "Prodotti spediti"),
    ),
    Column.RETURNS: ("Returns", "Returned Items", "Retouren", "Rücksendungen", "Retours", "Devoluciones", "Resi"),
    Column.AMOUNT: ("Revenue", "Items Shipped Revenue", "Umsatz", "Chiffre d'affaires", "Ingresos", "Ricavi"),
    Column.COMMISSION: (
        *("Ad Fees", "Advertising Fees", "Fees", "Earnings", "Werbekostenerstattung", "Revenus publicitaires"),
        *("Tarifas de publicidad", "Commissioni pubblicitarie"),
    ),
    Column.CURRENCY: ("Currency", "Währung", "Devise", "Moneda", "Valuta"),
}


def sale(row: Reading) -> Sale:
    """Its name is made of what does not change from one download to the next, with a number where rows are equal. A
    return is a row with sums below 0: it takes back the newest sale of that article before it.
    """
    tracking, article = row.needed(Column.TRACKING), row.needed(Column.SKU)
    bought = row.span(RETAILER)
    clicks = row.texts(Column.CLICK)
    of_article = f"{tracking}|{article}|"
    day = f"{bought.first:%Y-%m-%dT%H:%M}" if bought.first.year > 1 else ""
    name = f"{of_article}{'|'.join((day, row.plain(Column.PRICE), *clicks[:1]))}"
    quantity, returned = row.whole(Column.QUANTITY), row.whole(Column.RETURNS) or 0
    is_return = row.is_negative or (quantity or 0) < 0
    if is_return:
        name += f"|return|{row.plain(Column.AMOUNT)}|{row.plain(Column.COMMISSION)}"
        quantity = -abs(returned or quantity or 1)
    name = row.numbered(name)
    return Sale(
        external_id=of_article if is_return else name,
        entry=name if is_return else None,
        like=is_return,
        bought=bought,
        state=None if is_return else PurchaseState.CONFIRMED,
        quantity=quantity,
        amount=row.sum(Column.AMOUNT),
        commission=row.sum(Column.COMMISSION),
        currency=row.currency,
        sku=article,
        retailer=RETAILER,
        clicks=clicks,
        tracking=tracking,
    )


AMAZON = Network(
    name="amazon",
    columns=COLUMNS,
    needs=((Column.TRACKING,), (Column.SKU,), (Column.COMMISSION, Column.AMOUNT)),
    sale=sale,
    beside=frozenset(
        {
            *("category", "name", "product name", "title", "product title", "titel", "titre", "nombre", "titolo"),
            *("seller", "merchant", "handler", "verkaufer", "vendeur", "vendedor", "venditore", "kategorie"),
            *("device type group", "device type", "gerategruppe", "direct indirect", "link type", "product group"),
        }
    ),
)
