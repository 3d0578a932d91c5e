from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rules.percentile import percentile, rounded

SPANS = st.lists(st.floats(0, 100_000), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0004, 0.0), (0.4126, 0.413), (1.2345, 1.23), (12.345, 12.3), (123.4, 123.0), (3599.9, 3600.0)],
)
def test_spans_are_counted_as_finely_as_they_are_read(seconds: float, told: float):
    assert rounded(seconds) == told


def test_there_is_none_of_nothing():
    assert percentile({}, 0.5) is None


@given(SPANS, st.floats(0.01, 1))
def test_at_least_that_part_kept_to_it_and_to_nothing_smaller(spans: list[float], part: float):
    told = percentile(Counter(spans), part)
    assert told is not None
    assert sum(span <= told for span in spans) >= len(spans) * part
    assert sum(span < told for span in spans) < len(spans) * part


@given(SPANS)
def test_rounding_moves_a_span_by_less_than_a_hundredth(spans: list[float]):
    for span in spans:
        assert abs(rounded(span) - span) <= max(0.0005, span / 100)
