"""Lists: names for contacts on one channel. Those of the configuration file are only shown."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Path
from pydantic import Field, StrictInt
from starlette.responses import Response

from tocsin.core.delivery import Target
from tocsin.core.errors import FromConfigurationError, NotFoundError
from tocsin.ledger.contract.people import ListRow
from tocsin.rules.audience import reachable
from tocsin.rules.people import FixedList
from tocsin.rules.preferences import CHANNELS
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, either, record, ref, several
from tocsin.web.people.desk import Desk
from tocsin.web.people.drafts import wrong
from tocsin.web.people.words import Asked, Tag
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

PATH = "/api/v1/lists"
ONE = PATH + "/{name}"

Name = Annotated[Segment, Path(min_length=1, max_length=90, description="`sms:vip`: the channel, and the list.")]


class Kept(Asked):
    """Everybody with `tag`, or these `contacts`. Without `max_recipients` the channel's counts."""

    tag: Tag | None = None
    contacts: Annotated[list[UUID], Field(max_length=1000)] | None = None
    max_recipients: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    fair: Literal["rotate"] = "rotate"


class ListDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)
        self._directories = services.pipeline.directories

    def open(self, app: FastAPI) -> None:
        one = answer(ref("List"), "As it is kept.")
        new = either(one, answer(ref("List"), "It is new.", status=201))
        listed = answer(record({"lists": several(ref("List"))}), "All of them, those of the configuration first.")
        forgotten = answer(record({"target": TEXT, "forgotten": FLAG}), "It is gone.")
        doors: tuple[tuple[str, Any, str, dict[str, Any]], ...] = (
            (PATH, self.listed, "GET", listed),
            (ONE, self.one, "GET", one),
            (ONE, self.keep, "PUT", new),
            (ONE, self.forget, "DELETE", forgotten),
        )
        for path, handler, method, extra in doors:
            app.add_api_route(path, handler, methods=[method], tags=["lists"], openapi_extra=needs("contacts") | extra)

    async def listed(self) -> Response:
        """Every list: those that are kept by calls, and those of the configuration file."""
        return json_answer({"lists": list((await self._all()).values())})

    async def one(self, name: Name) -> Response:
        """A list by its name as a target."""
        target = _target(name)
        found = (await self._all()).get(target)
        if found is None:
            raise NotFoundError(f"there is no list {target}")
        return json_answer(found)

    async def keep(self, name: Name, asked: Kept) -> Response:
        """Make a list, or put this in place of what it was. Routes name it as a target."""
        target = _target(name)
        if (asked.tag is None) == (asked.contacts is None):
            raise wrong("tag", "a list has a tag or contacts, and not both")
        self._refuse_fixed(target)
        row = ListRow(
            channel=target.channel,
            name=target.name,
            tag=asked.tag,
            contacts=tuple(dict.fromkeys(asked.contacts or ())),
            max_recipients=asked.max_recipients,
        )
        new = await self._desk.people.keep_list(row)
        return json_answer(_shown(row) | await self._reach(target), 201 if new else 200)

    async def forget(self, name: Name) -> Response:
        """Forget a list. Its contacts stay."""
        target = _target(name)
        self._refuse_fixed(target)
        if not await self._desk.people.forget_list(target.channel, target.name):
            raise NotFoundError(f"there is no list {target}")
        return json_answer({"target": str(target), "forgotten": True})

    def _refuse_fixed(self, target: Target) -> None:
        if target in self._desk.policy.lists:
            raise FromConfigurationError(f"{target} is a list of the configuration file: change it there, and reload")

    async def _all(self) -> dict[Target, dict[str, Any]]:
        """By their names as targets. What the file says counts, then what a call says, also of everyone."""
        fixed = {target: _fixed(target, one) for target, one in self._desk.policy.lists.items()}
        kept = {Target(row.channel, row.name): _shown(row) for row in await self._desk.people.lists()}
        lists = self._given() | fixed | {target: told for target, told in kept.items() if target not in fixed}
        return {target: told | await self._reach(target) for target, told in lists.items()}

    def _given(self) -> dict[Target, dict[str, Any]]:
        """Those that channels have, with or without a word in the file: everyone."""
        targets = self._desk.active.rulebook.routing.targets
        return {target: _fixed(target, FixedList()) for target, policy in targets.items() if policy.people is not None}

    async def _reach(self, target: Target) -> dict[str, int | None]:
        """Unknown for a list that no channel tells."""
        directory = await self._directories.newest()
        policy = self._desk.active.rulebook.routing.served(target, directory)
        if policy is None or policy.people is None:
            return {"reachable": None, "told_now": None}
        many = reachable(directory, target, policy.people, self._desk.clock.now()).bit_count()
        most = policy.people.most
        return {"reachable": many, "told_now": many if most is None else min(many, most)}


def _target(name: str) -> Target:
    channel, colon, of_channel = name.partition(":")
    if not colon or channel not in CHANNELS or not of_channel.strip() or not of_channel.isprintable():
        raise wrong("name", f"is a channel of people and a name, `sms:vip`; channels are {', '.join(CHANNELS)}")
    return Target(channel, of_channel)


def _shown(row: ListRow) -> dict[str, Any]:
    target = str(Target(row.channel, row.name))
    return {"target": target, **row.as_json(), "written_down": 0, "from_configuration": False}


def _fixed(target: Target, one: FixedList) -> dict[str, Any]:
    whom = {"tag": one.tag} if one.tag else {}
    known = ListRow(channel=target.channel, name=target.name, tag=one.tag, max_recipients=one.max_recipients)
    told = {key: value for key, value in known.as_json().items() if key != "contacts"}
    return {"target": str(target), **told, **whom, "written_down": one.written, "from_configuration": True}
