"""Names are found however somebody spells them; the page folds in the same way (dashboard/test/search.test.ts)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.alert import Alert, AlertType
from tocsin.core.search import folded, searched_text, searched_words

GOLDEN = Path(__file__).parents[1] / "golden/search.json"
FOLDED = json.loads(GOLDEN.read_text())["folded"]


@pytest.mark.parametrize(("text", "told"), FOLDED)
def test_case_accents_and_invisible_characters_make_no_difference(text: str, told: str):
    assert folded(text) == told


@given(st.text())
def test_what_is_folded_stays_as_it_is_and_fits_any_database(text: str):
    once = folded(text)
    assert folded(once) == once
    assert "\x00" not in once


def test_the_words_of_a_search_are_each_there_once():
    assert searched_words("  RTX\t5090 rtx É\x00e ") == ("rtx", "5090", "e")
    assert searched_words("\u200b \n") == ()


def test_an_alert_is_found_by_its_names_and_no_word_goes_across_two():
    alert = Alert(
        id=UUID(int=1), type=AlertType.IN_STOCK, priority=9, sku="6634940", retailer="bestbuy",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC), product_name="Pokémon", variant="Blå", seller=None,
    )  # fmt: skip
    assert searched_text(alert) == "pokemon\n6634940\nbestbuy\nbla"
