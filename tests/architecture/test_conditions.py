"""What operators are told of, and how to mend it: the table of the documents is the one in the code."""

import re
from pathlib import Path

from tocsin.core.condition import What
from tocsin.rules.changes import TROUBLES
from tocsin.rules.conditions import KINDS, worded

ROOT = Path(__file__).parents[2]


def test_every_condition_has_its_headline_and_its_way_to_mend_in_the_code_and_in_the_documents():
    page = (ROOT / "docs/how-to/operate.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    told = {what: (headline, mend) for what, _, headline, mend in rows}
    example = {what: about for what, about, _, _ in rows}
    assert {what.value for what in What} == told.keys() == {what.value for what in KINDS}
    for what, kind in KINDS.items():
        about = example[what]
        assert told[what] == (worded(kind.headline, about), worded(kind.mend, about)), what


def test_every_trouble_is_known_to_be_a_condition_or_none_that_operators_could_mend():
    source = "\n".join(path.read_text() for path in (ROOT / "src/tocsin").rglob("*.py"))
    assert set(re.findall(r'\bTrouble\(\s*"(\w+)"', source)) == set(TROUBLES)
