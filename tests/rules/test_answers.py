"""What an answer mutes: the product, wherever it is sold, for a while or for ever."""

from datetime import timedelta

import pytest
from tests.rules.made import CATALOG, NOW, alert

from tocsin.core.answer import Answer
from tocsin.rules.answers import mute_after, mutes_after, product_match, same_product
from tocsin.rules.attribution import Crediting
from tocsin.rules.preferences import MOST_MUTES, parse_preferences

CREDITING = Crediting(bought_mute=timedelta(days=7))
A = Answer


@pytest.mark.parametrize(
    ("answer", "mute"),
    [
        (A.BOUGHT, {"match": {"products": ["rtx-5090-fe"]}, "until": "2026-03-09T12:00:00.000Z", "why": "bought"}),
        (A.NOT_FOR_ME, {"match": {"products": ["rtx-5090-fe"]}, "why": "not_for_me"}),
        (A.USEFUL, None),
        (A.TOO_LATE, None),
    ],
)
def test_an_answer_mutes_the_product_or_nothing(answer: Answer, mute: object):
    told = mute_after(answer, alert(), CATALOG, CREDITING, NOW)
    assert told == mute
    if told is not None:
        (kept,) = parse_preferences({"mute": [told]}).mute
        assert kept.match.admits(alert(), CATALOG)


def test_an_answer_takes_the_place_of_an_earlier_one_about_the_same_product_alone():
    product = {"products": ["rtx-5090-fe"]}
    mine, other = {"match": product}, {"match": {"products": ["ps5"]}, "why": "bought"}
    before = [mine, {"match": product, "why": "not_for_me"}, other]
    bought = mute_after(A.BOUGHT, alert(), CATALOG, CREDITING, NOW)
    assert mutes_after(before, product, bought) == [mine, other, bought]
    assert mutes_after(before, product, None) == [mine, other]


def test_where_as_much_is_muted_as_may_be_the_oldest_goes():
    before = [{"match": {"products": [f"p{number}"]}} for number in range(MOST_MUTES)]
    after = mutes_after(before, {"products": ["new"]}, {"match": {"products": ["new"]}, "why": "bought"})
    assert (len(after), after[0], after[-1]["why"]) == (MOST_MUTES, before[1], "bought")
    parse_preferences({"mute": after})


@pytest.mark.parametrize("sku", ["77", "B0DT7L98J1", "a:b", "1,2", "with space"])
def test_a_product_that_nobody_described_is_its_sku(sku: str):
    told, other = alert(retailer="amazon", sku=sku), alert(retailer="amazon", sku="other")
    assert product_match(told, CATALOG) == {"skus": [f"amazon:{sku}"]}
    assert same_product(told, CATALOG).admits(told, CATALOG)
    assert not same_product(told, CATALOG).admits(other, CATALOG)
    assert not same_product(told, CATALOG).admits(alert(retailer="newegg", sku=sku), CATALOG)
