"""The key that people are kept with: made at first need, and missed loudly."""

import stat
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update
from tests.contract.books import KEY, opened
from tests.contract.crowd import Crowd, phone

from tocsin.core.clock import ManualClock
from tocsin.core.errors import LedgerGoneError, PeopleKeyError
from tocsin.core.secret import Secret
from tocsin.ledger.opening import open_ledger
from tocsin.ledger.people.schema import addresses

OTHER = Secret("another key that nobody guesses, as long")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.key"


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


async def keep_ada(ledger: str, clock: ManualClock, **how) -> None:
    async with open_ledger(ledger, clock=clock, **how) as kept:
        await Crowd(kept.people).meet("Ada", phone())


async def test_the_key_is_drawn_at_first_need_for_its_owners_eyes_only(ledger: str, file: Path, clock: ManualClock):
    async with open_ledger(ledger, clock=clock):
        assert not is_there(file)
    await keep_ada(ledger, clock)
    assert mode(file) == 0o600
    drawn = content(file)
    open_to_all(file)
    async with open_ledger(ledger, clock=clock) as kept:
        found = await kept.people.by_value(phone())
        assert found is not None
        value = await kept.people.reveal(found.slot)
        assert value is not None
        assert value.reveal() == "+14155550101"
    assert content(file) == drawn
    assert mode(file) == 0o600
    assert beside(file) == ["people.key"]


async def test_without_its_key_a_ledger_with_people_is_not_opened(ledger: str, file: Path, clock: ManualClock):
    await keep_ada(ledger, clock)
    move(file, file.with_name("elsewhere"))
    with pytest.raises(PeopleKeyError, match=r"missing.*people\.key.*put back the right one from your backup"):
        await keep_ada(ledger, clock)
    assert not is_there(file)
    move(file.with_name("elsewhere"), file)
    async with open_ledger(ledger, clock=clock):
        pass


@pytest.mark.parametrize(
    ("told_of", "told"), [("x" * 44, "another key"), ("", "not whole"), ("half", "not whole"), ("\udcff" * 40, "UTF-8")]
)
async def test_a_key_that_is_another_or_half_is_refused(
    ledger: str, file: Path, clock: ManualClock, told_of: str, told: str
):
    await keep_ada(ledger, clock)
    fill(file, told_of)
    with pytest.raises(PeopleKeyError, match=told):
        await keep_ada(ledger, clock)


async def test_the_key_of_the_configuration_comes_before_the_file(place: str, file: Path, clock: ManualClock):
    async with opened(place, clock, shared=True) as books:
        await Crowd(books.ledger.people).meet("Ada", phone())
    assert not is_there(file)
    with pytest.raises(PeopleKeyError, match=r"another key than people\.key of the configuration"):
        async with opened(place, clock, shared=True, people_key=OTHER):
            pass
    with pytest.raises(PeopleKeyError, match="missing"):
        async with opened(place, clock, shared=True, people_key=None):
            pass
    async with opened(place, clock, shared=True, people_key=KEY) as books:
        assert await books.ledger.people.by_value(phone()) is not None


async def test_where_there_is_no_place_for_a_key_people_are_refused_and_alerts_are_not(
    place: str, clock: ManualClock, tmp_path: Path
):
    if place.startswith("sqlite"):
        place = f"sqlite:///{tmp_path / 'ledger.db'}"
    async with open_ledger(place, clock=clock, people_key_file=tmp_path / "nowhere" / "people.key") as kept:
        with pytest.raises(PeopleKeyError, match=r"cannot be written.*people\.key in the configuration"):
            await Crowd(kept.people).meet("Ada", phone())
        await kept.probe()


async def test_nobody_is_kept_where_it_would_be_gone_with_the_process(ledger: str, tmp_path: Path, clock: ManualClock):
    async with open_ledger(ledger, clock=clock) as kept:
        crowd = Crowd(kept.people)
        await crowd.meet("Ada", phone())
        move(tmp_path / "ledger.db", tmp_path / "elsewhere.db")
        with pytest.raises(LedgerGoneError, match="taken away"):
            await crowd.meet("Bob")
        move(tmp_path / "elsewhere.db", tmp_path / "ledger.db")
        await crowd.meet("Bob")


async def test_a_value_that_was_put_in_anothers_place_is_not_read_as_theirs(place: str, clock: ManualClock):
    async with opened(place, clock) as books:
        crowd = Crowd(books.ledger.people)
        made = await crowd.meet("Ada", phone(), phone("+14155550102"))
        first, second = (address.slot for address in made.addresses)
        await crowd.people._writer.read(partial(exchange, first, second))
        with pytest.raises(PeopleKeyError, match="cannot be read"):
            await crowd.people.reveal(second)


def exchange(first: int, second: int, connection: Connection) -> None:
    with connection.begin():
        value = connection.scalar(select(addresses.c.value).where(addresses.c.key == first))
        connection.execute(update(addresses).where(addresses.c.key == second).values(value=value))


async def test_a_key_drawn_before_a_crash_is_taken_up(ledger: str, file: Path, clock: ManualClock):
    fill(file, "k" * 44)
    await keep_ada(ledger, clock)
    assert content(file) == b"k" * 44


def content(file: Path) -> bytes:
    return file.read_bytes()


def fill(file: Path, text: str) -> None:
    file.write_text(text, errors="surrogateescape")


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def open_to_all(file: Path) -> None:
    file.chmod(0o644)


def is_there(file: Path) -> bool:
    return file.exists()


def move(file: Path, to: Path) -> None:
    file.rename(to)


def beside(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir() if "people" in path.name)
