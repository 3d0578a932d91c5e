from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.rules.made import NOW, SECOND

from tocsin.core.click import Click, ClickKind
from tocsin.rules.click import TOO_SOON, Visit, click_of

BROWSER = {"user-agent": "Mozilla/5.0", "accept-language": "de", "sec-fetch-dest": "document"}
PERSON = Visit(method="GET", headers=BROWSER, by_crawler=False, at=NOW, sent_at=NOW - TOO_SOON)


@pytest.mark.parametrize(
    "more", [{}, {"sec-fetch-dest": ""}, {"sec-purpose": ""}, {"purpose": "x"}, {"sec-fetch-mode": "navigate"}]
)
def test_a_browser_that_opens_a_page_is_a_person(more: Mapping[str, str]):
    assert click_of(replace(PERSON, headers={**BROWSER, **more})) == Click(NOW, ClickKind.PERSON, "")


@pytest.mark.parametrize(
    ("why", "visit"),
    [
        ("head", replace(PERSON, method="HEAD")),
        ("no_agent", replace(PERSON, headers={**BROWSER, "user-agent": " "})),
        ("crawler", replace(PERSON, by_crawler=True)),
        ("ahead", replace(PERSON, headers={**BROWSER, "sec-purpose": "Prefetch;prerender"})),
        ("ahead", replace(PERSON, headers={**BROWSER, "purpose": "prefetch"})),
        ("preview", replace(PERSON, headers={**BROWSER, "purpose": "preview"})),
        ("preview", replace(PERSON, headers={**BROWSER, "x-purpose": "preview"})),
        ("embedded", replace(PERSON, headers={**BROWSER, "sec-fetch-dest": "image"})),
        ("embedded", replace(PERSON, headers={**BROWSER, "sec-fetch-dest": "empty"})),
        ("no_language", replace(PERSON, headers={"user-agent": "Mozilla/5.0"})),
    ],
)
def test_a_program_that_looks_at_links_is_a_robot_however_soon_it_comes(why: str, visit: Visit):
    assert click_of(visit) == Click(NOW, ClickKind.ROBOT, why)
    assert click_of(replace(visit, sent_at=None)) == Click(NOW, ClickKind.ROBOT, why)


@pytest.mark.parametrize("sent_at", [None, NOW, NOW + SECOND, NOW - TOO_SOON + SECOND / 1000])
def test_who_comes_sooner_than_a_person_reads_is_suspect(sent_at):
    assert click_of(replace(PERSON, sent_at=sent_at)) == Click(NOW, ClickKind.SUSPECT, "too_soon")
