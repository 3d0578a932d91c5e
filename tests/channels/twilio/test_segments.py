"""How many segments a text takes, and how other writing is brought into the alphabet of texts."""

# ruff: noqa: RUF001 - look-alikes are the point

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.channels.text import clusters, utf16
from tocsin.channels.twilio.gsm7 import is_gsm7, septets, to_gsm7
from tocsin.channels.twilio.segments import encoding, segments

FAMILY = "👨\u200d👩\u200d👧\u200d👦"  # 11 units of UTF-16
GSM7 = st.text(st.sampled_from("abc äÉΩ@\n€[]~|^{}\\"), max_size=700)
PIECES = st.sampled_from(["a", "€", "ş", "’", "ç", "é", "😀", FAMILY, "🇩🇪", "e\u0301", " "])
ANY = st.lists(PIECES, max_size=200).map("".join)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("ş" * 70, 1),
        ("ş" * 71, 2),
        ("ş" * 134, 2),
        ("ş" * 135, 3),
        ("a" * 68 + "😀", 1),
        ("a" * 69 + "😀", 2),
        ("😀" * 34, 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 99 + "’", 2),
        ("a" * 66 + "😀" + "a" * 66, 3),  # 134 units: the emoji would lie across two parts
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets: so would the escape and its character
        ("ç" * 71, 2),
        ("Ç" * 71, 1),
        ("a" * 60 + FAMILY + "a" * 60, 3),
        ("🚨 GeForce RTX 5090 available at Best Buy! $1,999.99 - https://alerts.example/r/1x7GhQ2kZ", 2),
    ],
)
def test_a_text_takes_as_many_segments_as_the_provider_counts(text: str, count: int):
    assert segments(text) == count


@given(GSM7)
@example("a" * 152 + "€" + "a" * 152)
def test_a_text_in_gsm7_is_packed_part_by_part(text: str):
    assert encoding(text) == "GSM-7"
    size = septets(text)
    assert segments(text) == (1 if size <= 160 else packed([septets(character) for character in text], 153))


@given(ANY)
@example("a" * 66 + "😀" + "a" * 66)
def test_a_text_beyond_gsm7_is_packed_part_by_part(text: str):
    if is_gsm7(text):
        return
    sizes = [utf16(cluster) for cluster in clusters(text)]
    assert segments(text) == (1 if sum(sizes) <= 70 else packed(sizes, 67))


@given(ANY, ANY)
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str):
    assert segments(text + more) >= segments(text)


def test_a_pile_of_accents_longer_than_a_part_comes_apart():
    assert segments("a" + "\u0301" * 200) == 3


def packed(sizes: list[int], room: int) -> int:
    """By the book: each goes into the part at hand, or into the next where it does not fit any more."""
    parts: list[list[int]] = [[]]
    for size in sizes:
        if sum(parts[-1]) + size > room:
            parts.append([])
        parts[-1].append(size)
    return len(parts)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("GeForce RTX™ 5090", "GeForce RTX 5090"),
        ("Pokémon Schloßberg Ærø", "Pokémon Schloßberg Ærø"),
        ("Señor façade Škoda", "Señor facade Skoda"),
        ("’tis “it” – 2 × 3 …", '\'tis "it" - 2 x 3 ...'),
        ("cafe\u0301", "café"),
        ("ＲＴＸ　５０９０", "RTX 5090"),
        ("½ ﬁn Łódź", "1/2 fin Lodz"),
        ("ニンテンドー", ""),
        ("🚨 now", " now"),
        ("a\N{NO-BREAK SPACE}b", "a b"),
    ],
)
def test_what_gsm7_does_not_have_is_read_as_what_comes_nearest(written: str, read: str):
    assert to_gsm7(written) == read


@given(st.text())
def test_whatever_is_brought_into_gsm7_is_gsm7_and_stays_as_it_is(text: str):
    assert is_gsm7(to_gsm7(text))
    assert to_gsm7(to_gsm7(text)) == to_gsm7(text)
