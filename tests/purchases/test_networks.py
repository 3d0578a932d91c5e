"""The reports of each network, in the shapes in which they come: preambles, BOM, tabs, other languages, JSON."""

from collections import Counter
from datetime import UTC
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import InvalidRequestError, TooLargeError
from tocsin.core.purchase import PurchaseState
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.networks.networks import NETWORKS
from tocsin.pipeline.purchases.reading import Reading, Writing
from tocsin.pipeline.purchases.report import MOST_ROWS, Report
from tocsin.pipeline.purchases.sale import Sale

P = PurchaseState


def sales(network: str, content: str | bytes, **mapped: str) -> list[Sale]:
    """What a report says, row by row; nothing of it is wrong."""
    report = Report(_bytes(content), NETWORKS[network], {Column(name): header for name, header in mapped.items()})
    writing = Writing(None, NETWORKS[network].day_first, lambda _: UTC)
    met: Counter[str] = Counter()
    made = []
    for row in report.rows():
        assert not row.problem, row
        reading = Reading(row, writing, NETWORKS[network].states, met)
        made.append(NETWORKS[network].sale(reading))
        assert not reading.problems, reading.problems
    return made


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def told(sale: Sale) -> dict[str, Any]:
    names = ("external_id", "state", "quantity", "amount", "commission", "currency", "sku", "retailer", "clicks")
    return {name: getattr(sale, name) for name in names}


AMAZON = """\
Fee earnings report from 09-01-2026 to 09-30-2026

Category,Name,ASIN,Seller,Tracking ID,Date Shipped,Price($),Items Shipped,Returns,Revenue($),Ad Fees($),Direct/Indirect
Electronics,"RTX 5090, 32 GB",B0DT7L98J1,Amazon,me-sms-20,09/16/2026,"1,999.99",1,0,"1,999.99",40.00,Direct
Electronics,"RTX 5090, 32 GB",B0DT7L98J1,Amazon,me-sms-20,09/16/2026,"1,999.99",1,0,"1,999.99",40.00,Direct
Electronics,"RTX 5090, 32 GB",B0DT7L98J1,Amazon,me-sms-20,09/20/2026,"1,999.99",0,1,"(1,999.99)",(40.00),Direct
"""


def test_amazon_names_no_orders_so_equal_rows_are_counted():
    first, second, back = sales("amazon", AMAZON)
    start = "me-sms-20|B0DT7L98J1|"
    assert told(first) == {
        "external_id": start + "2026-09-16T00:00|1999.99|1", "state": P.CONFIRMED, "quantity": 1,
        "amount": Decimal("1999.99"), "commission": Decimal(40), "currency": "USD", "sku": "B0DT7L98J1",
        "retailer": "amazon", "clicks": (),
    }  # fmt: skip
    assert second.external_id == start + "2026-09-16T00:00|1999.99|2"
    assert (back.external_id, back.like, back.quantity, back.commission, back.state) == (start, True, -1, -40, None)
    assert back.entry == start + "2026-09-20T00:00|1999.99|return|-1999.99|-40|1"


TABS = (
    "\ufeffDate Shipped\tProduct Name\tASIN\tSeller\tTracking ID\tSub Tag\tPrice\tQty\tRevenue\tAd Fees ($)\n"
    "September 16 2026\tRTX 5090\tB0\tAmazon\tme-20\t7Kq2abc\t1999.99\t1\t1999.99\t40.00\n"
)
GERMAN = (
    "Bericht über Werbekostenerstattung 01.09.2026 - 30.09.2026\r\n"
    "Kategorie;Titel;ASIN;Händler;Tracking-ID;Sub-Tag;Versanddatum;Preis;Versandte Artikel;Rücksendungen;"
    "Umsatz;Werbekostenerstattung ($)\r\n"
    "Elektronik;RTX 5090;B0;Amazon;me-20;7Kq2abc;16.09.2026;1.999,99;1;0;1.999,99;40,00\r\n"
)


@pytest.mark.parametrize("content", [TABS, GERMAN])
def test_amazon_comes_with_tabs_and_in_other_languages(content: str):
    (sale,) = sales("amazon", content)
    assert (sale.clicks, sale.tracking, sale.amount, sale.commission) == (
        ("7Kq2abc",), "me-20", Decimal("1999.99"), Decimal(40),
    )  # fmt: skip
    assert sale.external_id == "me-20|B0|2026-09-16T00:00|1999.99|7Kq2abc|1"
    assert sale.currency == "USD"


RAKUTEN = (
    "Individual Item Report\r\nGenerated 2026-09-18\r\n\r\n"
    "Member ID (U1),MID,Advertiser Name,Order ID,Transaction Date,Transaction Time,SKU,Sales,# of Items,"
    "Total Commission,Process Date,Process Time,Currency\r\n"
    "7Kq2abc,35719,Newegg,ord-1,9/16/2026,13:45,14-932-101,1999.99,1,40.00,9/17/2026,02:00,USD\r\n"
    "7Kq2abc,35719,Newegg,ord-1,9/16/2026,13:45,14-932-101,-1999.99,1,-40.00,9/27/2026,02:00,USD\r\n"
)


def test_rakuten_takes_back_by_a_row_below_nothing():
    order, back = sales("rakuten", "\ufeff" + RAKUTEN)
    assert told(order) == {
        "external_id": "ord-1|14-932-101|9/16/2026", "state": P.CONFIRMED, "quantity": 1,
        "amount": Decimal("1999.99"), "commission": Decimal(40), "currency": "USD", "sku": "14-932-101",
        "retailer": "Newegg", "clicks": ("7Kq2abc",),
    }  # fmt: skip
    assert order.bought.first.isoformat() == "2026-09-16T13:45:00+00:00"
    assert (back.external_id, back.entry) == (
        order.external_id,
        "ord-1|14-932-101|9/16/2026|9/27/2026|02:00|-1999.99|-40|1",
    )
    assert (back.quantity, back.state) == (-1, None)


def test_rakutens_newer_report_has_names_of_its_own():
    content = (
        "Transaction ID,Member ID (U1),Advertiser Name,Order ID,Transaction Created On Date,"
        "Transaction Created On Time,Sales,Total Commission,Currency\n"
        "t-1,abc,Newegg,o-1,2026-09-16,13:45:00,1999.99,40.00,EUR\n"
    )
    (sale,) = sales("rakuten", content)
    assert (sale.external_id, sale.currency, sale.clicks) == ("t-1", "EUR", ("abc",))


CJ = """\
commissionId,originalActionId,original,actionStatus,shopperId,advertiserName,orderId,eventDate,postingDate,saleAmountUsd,pubCommissionAmountUsd,correctionReason
100,55,true,new,7Kq2abc,Best Buy,o-1,2026-09-16T13:45:00Z,2026-09-16T14:00:00Z,1999.99,40.00,
101,55,false,closed,7Kq2abc,Best Buy,o-1,2026-09-16T13:45:00Z,2026-09-30T14:00:00Z,-1999.99,-40.00,RETURNED_MERCHANDISE
"""


def test_cj_corrects_by_rows_that_are_added():
    original, correction = sales("cj", CJ)
    assert told(original) == {
        "external_id": "55", "state": P.PENDING, "quantity": None, "amount": Decimal("1999.99"),
        "commission": Decimal(40), "currency": "USD", "sku": None, "retailer": "Best Buy", "clicks": ("7Kq2abc",),
    }  # fmt: skip
    assert (correction.external_id, correction.entry, correction.commission) == ("55", "101", -40)


def test_cjs_interface_gives_the_same_as_json():
    content = (
        b'{"data": {"publisherCommissions": {"count": 1, "records": [{"commissionId": "100", "originalActionId": "55",'
        b' "original": true, "actionStatus": "locked", "shopperId": "7Kq2abc", "advertiserName": "Best Buy",'
        b' "eventDate": "2026-09-16T13:45:00Z", "saleAmountUsd": "1999.99", "pubCommissionAmountUsd": "40.00"}]}}}'
    )
    (sale,) = sales("cj", content)
    assert (sale.external_id, sale.state, sale.amount, sale.currency) == ("55", P.CONFIRMED, Decimal("1999.99"), "USD")


@pytest.mark.parametrize(
    ("state", "meant", "amount"),
    [("PENDING", P.PENDING, 100), ("APPROVED", P.CONFIRMED, 100), ("REVERSED", P.REVERSED, None)],
)
def test_impact_tells_the_state_of_an_action(state: str, meant: PurchaseState, amount: int | None):
    content = (
        "Id,State,Amount,Payout,Currency,EventDate,CreationDate,LockingDate,Oid,SubId1,SharedId,CampaignName\n"
        f"1.2.3,{state},100.00,4.00,USD,2026-09-16T06:45:00-07:00,2026-09-16,2026-10-01,o-1,7Kq2abc,other,Target\n"
    )
    (sale,) = sales("impact", content)
    assert (sale.external_id, sale.state, sale.amount, sale.clicks) == ("1.2.3", meant, amount, ("7Kq2abc", "other"))
    assert sale.bought.first.isoformat() == "2026-09-16T13:45:00+00:00"


AWIN = {
    "id": 259630312,
    "saleAmount": {"amount": 100.5, "currency": "GBP"},
    "commissionAmount": {"amount": 4.02, "currency": "GBP"},
    "clickRefs": {"clickRef2": "b", "clickRef": "7Kq2abc"},
    "clickDate": "2026-09-16T13:00:00",
    "transactionDate": "2026-09-16T13:45:00",
    "lapseTime": 30,
    "amended": False,
    "declineReason": None,
    "transactionParts": [{"amount": 1}],
}


@pytest.mark.parametrize(
    ("state", "meant"),
    [("pending", P.PENDING), ("approved", P.CONFIRMED), ("declined", P.REVERSED), ("deleted", P.REVERSED)],
)
def test_awins_interface_gives_objects_in_objects(state: str, meant: PurchaseState):
    content = orjson.dumps([AWIN | {"commissionStatus": state}])
    (sale,) = sales("awin", content)
    assert (sale.external_id, sale.state, sale.amount, sale.currency) == ("259630312", meant, Decimal("100.5"), "GBP")
    assert sale.clicks == ("7Kq2abc", "b")


def test_any_other_report_is_read_by_the_names_that_are_given():
    content = "Ref;Bestellt am;Umsatz;Provision;Klick\nA1;16.09.2026;1.299,00 €;12,50 €;7Kq2abc\n"
    with pytest.raises(InvalidRequestError, match="no line names the columns"):
        sales("generic", content)
    mapped = {"date": "Bestellt am", "amount": "Umsatz", "commission": "Provision", "click": "Klick"}
    (sale,) = sales("generic", content, external_id="Ref", **mapped)
    assert (sale.external_id, sale.amount, sale.commission, sale.currency, sale.clicks) == (
        "A1", Decimal(1299), Decimal("12.5"), "EUR", ("7Kq2abc",),
    )  # fmt: skip


lines = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 2)), max_size=12)


@given(lines, st.randoms())
def test_amazons_rows_have_the_same_names_in_whatever_order_they_come(rows: list[tuple[str, str, int]], chance: Random):
    header = "ASIN,Tracking ID,Date Shipped,Price($),Items Shipped,Revenue($),Ad Fees($)\n"

    def names(made: list[tuple[str, str, int]]) -> list[str]:
        body = "".join(f"{sku},{tracking},09/1{day}/2026,1.00,1,1.00,0.10\n" for sku, tracking, day in made)
        return sorted(sale.external_id for sale in sales("amazon", header + body))

    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert names(rows) == names(shuffled)
    assert len(set(names(rows))) == len(rows)


@pytest.mark.parametrize("click", ["customid", "afftrack", "pubref", "subId1", "Click Ref"])
def test_the_parameters_of_other_networks_are_known(click: str):
    (sale,) = sales("generic", f"Order ID,Date,Commission,Currency,{click}\n1,2026-09-16,4.00,USD,7Kq2abc\n")
    assert sale.clicks == ("7Kq2abc",)


def problems(network: str, content: str | bytes) -> dict[int, str]:
    return {row.row: row.problem for row in Report(_bytes(content), NETWORKS[network], {}).rows()}


def test_a_report_that_was_cut_off_names_the_row_that_was():
    cut = AMAZON[: AMAZON.rindex("09/20/2026") + 4]
    told = problems("amazon", cut)
    assert [row for row, problem in told.items() if problem] == [6]
    assert "ends in the middle" in told[6]
    lines = b'{"id": 1, "commissionAmount": {"amount": 1}}\n{"id": 2, "commissionAmount": {"am'
    assert [bool(problem) for problem in problems("awin", lines).values()] == [False, True]
    array = b'[{"id": 1, "commissionAmount": {"amount": 1}}, {"id": 2, "commissionAmount": {"am'
    assert [bool(problem) for problem in problems("awin", array).values()] == [False, True]


def test_a_row_that_is_broken_harms_no_other():
    content = CJ.replace("101,55", '101,"55') + "102,56,true,new,x,y,o-2,2026-09-17,2026-09-17,1.00,0.10,\n"
    assert [bool(problem) for problem in problems("cj", content).values()] == [False, True, False]


def test_headers_that_nobody_knows_are_named_and_known_ones_are_not():
    content = AMAZON.replace("Direct/Indirect", "Mood")
    assert Report(content.encode(), NETWORKS["amazon"], {}).unknown == ("Mood",)
    assert Report(AMAZON.encode(), NETWORKS["amazon"], {}).unknown == ()
    assert Report(CJ.encode(), NETWORKS["cj"], {}).unknown == ()


@pytest.mark.parametrize("content", ["", "\n\n", "hello", "a,b,c\n1,2,3\n", "[]", "{}", "[1, 2]", "{", '"x"', "\x00"])
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_what_is_no_report_is_refused_with_a_word_how(network: str, content: str):
    with pytest.raises(InvalidRequestError, match="map=COLUMN:HEADER"):
        Report(content.encode(), NETWORKS[network], {})


def test_a_report_that_is_too_large_says_what_to_do():
    with pytest.raises(TooLargeError, match="one for each month"):
        Report(b"x" * (17 * 1024 * 1024), NETWORKS["cj"], {})
    many = "Order ID,Commission\n" + "1,2\n" * (MOST_ROWS + 1)
    with pytest.raises(TooLargeError, match="50,000 rows"):
        list(Report(many.encode(), NETWORKS["generic"], {}).rows())
