"""What an answer mutes: the product, wherever it is sold, for a while or for ever."""

from datetime import timedelta

import pytest
from tests.rules.made import CATALOG, NOW, alert

from tocsin.core.answer import Answer
from tocsin.rules.answers import mute_after, product_match, same_product
from tocsin.rules.attribution import Crediting
from tocsin.rules.preferences import parse_preferences

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


@pytest.mark.parametrize("sku", ["77", "B0DT7L98J1", "a:b", "1,2", "with space"])
def test_a_product_that_nobody_described_is_its_sku(sku: str):
    told, other = alert(retailer="amazon", sku=sku), alert(retailer="amazon", sku="other")
    assert product_match(told, CATALOG) == {"skus": [f"amazon:{sku}"]}
    assert same_product(told, CATALOG).admits(told, CATALOG)
    assert not same_product(told, CATALOG).admits(other, CATALOG)
    assert not same_product(told, CATALOG).admits(alert(retailer="newegg", sku=sku), CATALOG)
