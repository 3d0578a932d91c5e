from datetime import timedelta
from uuid import UUID

import pytest
from tests.contract.books import GENERAL, HIGH, Books, filtering

from tocsin.core.alert import AlertType, Band
from tocsin.core.click import Click, ClickKind
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidRequestError
from tocsin.ledger.contract import AlertQuery, LinkRow, TokenRow
from tocsin.rules.click import TOGETHER

NOBODY = UUID(int=0)


async def found(books: Books, **query: object) -> list[str]:
    return [row.record.alert.sku for row in (await books.history.alerts(AlertQuery(**query))).items]


async def test_pages_go_from_the_newest_to_the_oldest_and_show_each_alert_once(books: Books) -> None:
    for number in range(7):
        await books.append(books.detected(str(number)))
    page = await books.history.alerts(AlertQuery(limit=3))
    seen = [row.record.alert.sku for row in page.items]
    await books.append(books.detected("arrived while reading"))
    while page.next:
        page = await books.history.alerts(AlertQuery(limit=3, page=page.next))
        seen += [row.record.alert.sku for row in page.items]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


async def test_a_page_that_nobody_gave_out_is_refused(books: Books) -> None:
    for page in ("", "x", "é", "YWxlcnRzOg", "ZGVsaXZlcmllczox", "YWxlcnRzOjE=", "YWxlcnRzOi0x" * 9):
        with pytest.raises(InvalidRequestError):
            await books.history.alerts(AlertQuery(page=page))


async def test_a_page_has_a_bounded_length(books: Books) -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(InvalidRequestError):
            await books.history.alerts(AlertQuery(limit=limit))


async def test_alerts_are_found_by_what_they_are(books: Books) -> None:
    start = books.clock.now()
    await books.append(books.detected("6634940", priority=9))
    await books.append(books.detected("6634_40", retailer="newegg", priority=5, kind=AlertType.RESTOCK_SOON))
    books.clock.advance(60)
    await books.append(books.detected("SKU-1", retailer="Newegg", priority=2), decide=filtering)
    await books.close(books.detected("6634940"))
    assert await found(books, types=frozenset({AlertType.RESTOCK_SOON})) == ["6634_40"]
    assert await found(books, bands=frozenset({Band.HIGH, Band.LOW})) == ["SKU-1", "6634940"]
    assert await found(books, min_priority=5) == ["6634_40", "6634940"]
    assert await found(books, decision=Decision.FILTERED) == ["SKU-1"]
    assert await found(books, state="closed") == ["6634940"]
    assert await found(books, state="open") == ["SKU-1", "6634_40"]
    assert await found(books, since=start + timedelta(seconds=1)) == ["SKU-1"]
    assert await found(books, until=start + timedelta(seconds=1)) == ["6634_40", "6634940"]


async def test_skus_and_retailers_may_be_globs_and_case_matters(books: Books) -> None:
    await books.append(books.detected("6634940"))
    await books.append(books.detected("6634_40", retailer="newegg"))
    await books.append(books.detected("a:b", retailer="newegg"), decide=filtering)
    await books.append(books.detected("100%", retailer="Newegg"), decide=filtering)
    assert await found(books, skus=("6634940",)) == ["6634940"]
    assert await found(books, skus=("6634*",)) == ["6634_40", "6634940"]
    assert await found(books, skus=("6634_*",)) == ["6634_40"]
    assert await found(books, skus=("newegg:6634*", "100%")) == ["100%", "6634_40"]
    assert await found(books, skus=("a:b",)) == ["a:b"]
    assert await found(books, skus=("*%",)) == ["100%"]
    assert await found(books, retailers=("newegg",)) == ["a:b", "6634_40"]
    assert await found(books, retailers=("new*", "best*")) == ["a:b", "6634_40", "6634940"]


async def test_a_story_has_everything_about_one_alert(books: Books) -> None:
    alert = books.detected()
    await books.append(alert, decide=books.telling(GENERAL, HIGH))
    claim = await books.claimed()
    ((delivery, _),) = claim.members
    await books.settle(claim, DeliveryState.SENT)
    sent_at = books.clock.now()
    books.clock.advance(3)
    robot = Click(books.clock.now(), ClickKind.ROBOT, "crawler")
    suspect, person = Click(robot.at, ClickKind.SUSPECT, "too_soon"), Click(robot.at, ClickKind.PERSON, "")
    for click in (robot, suspect, person):
        await books.history.click(delivery.key, click, TOGETHER)
    story = await books.history.story(alert.id)
    assert story is not None
    assert story.position == 1
    assert [(one.delivery.target, len(one.attempts)) for one in story.deliveries] == [(GENERAL, 1), (HIGH, 0)]
    assert story.clicks == (suspect, person)
    assert await books.history.by_link(delivery.key) == LinkRow(story.deliveries[0].delivery, story.record, sent_at)
    other = await books.history.by_link(story.deliveries[1].delivery.key)
    assert other is not None
    assert other.sent_at is None


async def test_what_is_not_there_is_not_found(books: Books) -> None:
    await books.append(books.detected())
    assert await books.history.alert(NOBODY) is None
    assert await books.history.story(NOBODY) is None
    assert await books.history.by_link(99) is None
    made = (await books.deliveries())[GENERAL]
    assert await books.history.delivery(made.id) == made
    assert await books.history.delivery(UUID(int=made.id.int ^ (1 << 100))) is None


async def test_deliveries_are_listed_by_state_and_channel(books: Books) -> None:
    for number in range(3):
        await books.append(books.detected(str(number)), decide=books.telling(GENERAL, HIGH))
    await books.settle(await books.claimed(), DeliveryState.SENT)
    sent = await books.history.deliveries(state=DeliveryState.SENT)
    assert [(one.target, one.state) for one in sent.items] == [(GENERAL, DeliveryState.SENT)]
    assert len((await books.history.deliveries(channel="discord")).items) == 6
    assert (await books.history.deliveries(channel="disc")).items == ()
    page = await books.history.deliveries(limit=4)
    rest = await books.history.deliveries(limit=4, page=page.next)
    assert len({one.key for one in page.items + rest.items}) == 6


async def test_tokens_are_kept_as_digests_with_their_end(books: Books) -> None:
    now = books.clock.now()
    token = TokenRow(
        id="t1", name="engine", digest="ab" * 32, scopes=frozenset({"ingest", "read"}), created_at=now, expires_at=now
    )
    await books.operations.add_token(token)
    assert await books.operations.tokens() == (token,)
    books.clock.advance(9)
    await books.operations.touch_tokens({"t1": books.clock.now(), "unknown": books.clock.now()})
    assert await books.operations.revoke_token("t1")
    assert not await books.operations.revoke_token("t1")
    (kept,) = await books.operations.tokens()
    assert (kept.last_used_at, kept.revoked_at) == (books.clock.now(), books.clock.now())


async def test_recent_attempts_come_oldest_first(books: Books) -> None:
    for number in range(3):
        await books.append(books.detected(str(number)))
    for _ in range(3):
        await books.claimed()
        books.clock.advance(10)
    recent = await books.queue.recent_attempts(books.clock.now() - timedelta(seconds=20))
    assert [attempt.started_at for attempt in recent] == sorted(attempt.started_at for attempt in recent)
    assert len(recent) == 2
