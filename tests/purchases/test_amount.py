"""Amounts as people and networks write them: read in one way, or in none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.purchases.amount import AmbiguousError, Written, decimal_of, read_amount


@pytest.mark.parametrize(
    ("text", "decimal", "amount", "currency"),
    [
        ("1,299.00", None, "1299", None),
        ("1.299,00", None, "1299", None),
        ("1 299,00", None, "1299", None),
        ("1\u202f299,00", None, "1299", None),
        ("1'299.00", None, "1299", None),
        ("12,50", None, "12.5", None),
        ("12.5", None, "12.5", None),
        ("1234,567", None, "1234.567", None),
        ("0,999", None, "0.999", None),
        ("1,234,567", None, "1234567", None),
        ("1.234.567,8", None, "1234567.8", None),
        ("1299", None, "1299", None),
        (".50", None, "0.5", None),
        ("(40.00)", None, "-40", None),
        ("($40.00)", None, "-40", "USD"),
        ("-40.00", None, "-40", None),
        ("\u221240.00", None, "-40", None),
        ("40.00-", None, "-40", None),
        ("€ 12,50", None, "12.5", "EUR"),
        ("12,50 €", None, "12.5", "EUR"),
        ("$1,299.00", None, "1299", "USD"),
        ("USD 12.50", None, "12.5", "USD"),
        ("CHF 12.50", None, "12.5", "CHF"),
        ("1,299", ".", "1299", None),
        ("1,299", ",", "1.299", None),
        ("1.299", ",", "1299", None),
        ("1.299", ".", "1.299", None),
    ],
)
def test_an_amount_is_read_as_it_is_meant(text: str, decimal: str | None, amount: str, currency: str | None):
    assert read_amount(text, decimal) == Written(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["1,299", "1.299", "$12,500", "-1.299", "(1,299)"])
def test_what_could_be_a_thousand_times_another_is_not_guessed(text: str):
    with pytest.raises(AmbiguousError):
        read_amount(text)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("", None), ("-", None), ("n/a", None), ("=40", None), ("=1+1", None), ("@12", None), ("1e30", None),
        ("9" * 13, None), ("12.34.5", None), ("1,2,3", None), ("12,50", "."), ("1.299,00", "."), ("1,299.00", ","),
        ("$ 12 €", None), ("12 apples", None), ("1.29,900", None), ("1,,2", None),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_none(text: str, decimal: str | None):
    with pytest.raises(ValueError, match="is no amount"):
        read_amount(text, decimal)


def test_numbers_are_what_they_are():
    assert read_amount(40.1).amount == Decimal("40.1")
    assert read_amount(7).amount == Decimal(7)
    for none in (1e30, float("nan"), float("inf"), True, None, []):
        with pytest.raises(ValueError, match="is no amount"):
            read_amount(none)


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["1,299", "40.00"], "."),
        (["1.299", "12,50"], ","),
        (["1,299", "1.299"], None),
        (["12,50", "12.50"], None),
        (["1,299", "nothing", 3.5], None),
        ([], None),
    ],
)
def test_the_amounts_of_a_file_say_together_how_they_are_written(values: list[object], decimal: str | None):
    assert decimal_of(values) == decimal


amounts = st.decimals(Decimal(-999999999), Decimal(999999999), places=2)


@given(amounts, st.sampled_from([",.", ".,", " ,", "'.", " ."]), st.sampled_from(["{}", "€ {}", "{} USD", "${}"]))
def test_what_is_written_with_its_cents_is_read_back(amount: Decimal, signs: str, around: str):
    thousands, decimal = signs
    plain = f"{abs(amount):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    written = around.format(f"-{plain}" if amount < 0 else plain)
    assert read_amount(written).amount == amount
    assert read_amount(written, decimal).amount == amount


@given(st.text(max_size=20), st.sampled_from([None, ".", ","]))
def test_any_text_is_an_amount_or_none(text: str, decimal: str | None):
    try:
        amount = read_amount(text, decimal).amount
    except ValueError:
        return
    assert abs(amount) < 10**12
