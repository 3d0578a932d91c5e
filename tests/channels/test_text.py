from decimal import Decimal

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tocsin.channels.discord.limits import length
from tocsin.channels.discord.markdown import literal
from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.text import ELLIPSIS, clusters, cut, plain, utf16

FAMILY = "👨\u200d👩\u200d👧\u200d👦"

WHOLES = {
    "accents": ["e\u0301\u0302", "x"],
    "family": [FAMILY, FAMILY, "a"],
    "flags": ["🇩🇪", "🇫🇷", "x"],
    "a flag letter alone": ["🇩🇪", "🇫", "x"],
    "skin": ["👍🏽", "👍", "y"],
    "keycap": ["1\ufe0f\u20e3", "k"],
    "heart on fire": ["❤\ufe0f\u200d🔥", "z"],
    "flag of England": ["🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "q"],
    "devanagari": ["नि", "न्टे"],
    "flag with a mark": ["🇩🇪\u0301", "🇫🇷"],
    "jamo": ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"],
    "arabic": ["م", "ر", "حَ"],
}


@pytest.mark.parametrize("name", WHOLES)
def test_what_a_reader_takes_for_one_character_is_one_cluster(name: str):
    assert list(clusters("".join(WHOLES[name]))) == WHOLES[name]


_VIRAMA_ON_A_FLAG = regex.compile(r"\p{RI}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*\u094d")


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("a \r\n\u0301\u0903\u200c\u200d\ufe0f\u0600🇩🇪🇫👩👍🏽ᄀ각ᆨकष\u094d\ud800")))
def test_clusters_are_those_of_unicode(text: str):
    """Flags are looked for first; that is for speed alone. A virama on a flag is left aside: the library joins the
    letter behind it, though by rule GB9c (UAX #29) it joins letters of India alone.
    """
    assume(not _VIRAMA_ON_A_FLAG.search(text))
    assert list(clusters(text)) == regex.findall(r"\X", text)


@settings(max_examples=100)
@given(st.text(), st.integers(1, 40))
def test_a_cut_text_keeps_its_limit_and_only_whole_clusters(text: str, limit: int):
    shown = cut(text, limit, utf16)
    assert utf16(shown) <= limit
    if shown != text:
        assert shown.endswith(ELLIPSIS)
        assert "".join(clusters(text)).startswith(shown.removesuffix(ELLIPSIS))
        kept = list(clusters(shown.removesuffix(ELLIPSIS)))
        assert list(clusters(text))[: len(kept)] == kept


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("ab1. \\*_~`|[]<>#@:/-\n\u202e\u0301👍🏽")), st.integers(8, 60))
def test_an_escaped_text_reads_as_it_was_and_keeps_its_limit(text: str, limit: int):
    written = literal(text, limit)
    assert length(written) <= limit
    read = discord_reads(written)
    if read != plain(text):
        assert plain(text).startswith(read.removesuffix(ELLIPSIS).rstrip())
        assert length(written) > limit - 40


def discord_reads(written: str) -> str:
    """A backslash before punctuation shows that character; a special one without it would mean something."""
    shown = ""
    escaped = False
    for character in written.replace("@\u200b", "@"):
        assert escaped or character == "\\" or character not in "*_~`|[]<"
        if character == "\\" and not escaped:
            escaped = True
            continue
        shown += character
        escaped = False
    assert not escaped
    return shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b\r\nc\u2028d", "ab c d"),
        ("\u202eevil\u202c \u2066x\u2069 \u200f\ufeff", "evil x"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("e" + "\u0301" * 30, "e" + "\u0301" * 4),
        ("newest emoji \U0001fae9", "newest emoji \U0001fae9"),
    ],
)
def test_nothing_invisible_stays_in_a_text(text: str, shown: str):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1999.99", "USD", "$1,999.99"),
        ("0", "USD", "$0.00"),
        ("1e9", "USD", "$1,000,000,000.00"),
        ("58000", "JPY", "¥58,000"),
        ("58000.4", "JPY", "¥58,000"),
        ("12.5", "CHF", "CHF\u00a012.50"),
        ("0.125", "KWD", "KWD\u00a00.125"),
        ("99999999999999999999999999999999.99", "EUR", "€99,999,999,999,999,999,999,999,999,999,999.99"),
    ],
)
def test_money_is_written_as_people_write_it(amount: str, currency: str, written: str):
    assert money(Decimal(amount), currency) == written


@pytest.mark.parametrize(
    ("price", "previous", "percent"),
    [
        ("90", "100", 10),
        ("1", "3", 66),
        ("99.5", "100", None),
        ("100", "100", None),
        ("110", "100", None),
        ("0", "9", 100),
    ],
)
def test_percent_saved_is_never_rounded_up(price: str, previous: str, percent: int | None):
    assert percent_saved(Decimal(price), Decimal(previous)) == percent


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "https://",
        "https:///x",
        "https://user@evil.example/",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example:port/",
        "https://[::1",
        "ftp://shop.example/",
        "https://shop.example/" + "a" * 500,
    ],
)
def test_what_is_no_web_address_is_not_handed_on(value: object):
    assert web_address(value, 512) is None


def test_a_web_address_is_handed_on_as_it_was_written():
    assert web_address("https://shop.example/%7Ea?b=%2D#c", 512) == "https://shop.example/%7Ea?b=%2D#c"
    assert web_address("http://münchen.example/ß", 512) == "http://xn--mnchen-3ya.example/%C3%9F"
