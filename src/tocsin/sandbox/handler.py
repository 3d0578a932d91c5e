"""One request through one provider, with the fault that was ordered for it."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from tocsin.core.clock import Clock
from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.faults import Fault, fault_from_header
from tocsin.sandbox.journal import Entry, Journal
from tocsin.sandbox.provider import Provider
from tocsin.sandbox.script import Faults
from tocsin.sandbox.wire import Wire

FAULT_HEADER = "X-Sandbox-Fault"
NOTHING = Answer(0)
UNSEEN = Verdict(accepted=False, answer=NOTHING)


class Handler:
    def __init__(self, clock: Clock, journal: Journal, faults: Faults, provider: Provider) -> None:
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._provider = provider

    async def answer(self, request: web.Request) -> web.StreamResponse:
        aim = self._provider.aim(request.method, request.path)
        try:
            fault = self._fault(request, aim)
        except InvalidRequestError as error:
            return Answer.json(400, error.as_json()).response()
        wire = Wire(request, self._clock, self._faults)
        at = self._clock.now()
        if fault and fault.part == "before_reading":
            self._note(at, aim, UNSEEN, fault, body=None)
            return await wire.send(NOTHING, fault)
        call = await _read(request, at)
        await self._held(call, aim, fault)
        verdict = self._take(call, fault)
        self._note(at, aim, verdict, fault, call.shown)
        if fault and fault.kind == "slow":
            await self._clock.sleep(fault.seconds)
        return await wire.send(verdict.answer, fault)

    def _fault(self, request: web.Request, aim: Aim) -> Fault | None:
        if text := request.headers.get(FAULT_HEADER):
            return fault_from_header(text)
        return self._faults.pick(self._provider.name, aim)

    async def _held(self, call: Call, aim: Aim, fault: Fault | None) -> None:
        """A request that hangs is nobody's until it is released; who gives up before that was never seen."""
        if fault is None or fault.kind != "hang":
            return
        try:
            await self._faults.released()
        except asyncio.CancelledError:
            self._note(call.at, aim, UNSEEN, fault, call.shown)
            raise

    def _take(self, call: Call, fault: Fault | None) -> Verdict:
        """What the provider makes of it, and the fault's answer in place of its own."""
        verdict = self._provider.take(call) if fault is None or fault.reaches else UNSEEN
        return replace(verdict, answer=fault.make(call.at)) if fault and fault.make else verdict

    def _note(self, at: datetime, aim: Aim, verdict: Verdict, fault: Fault | None, body: Any) -> None:
        self._journal.add(
            Entry(
                number=self._journal.next_number,
                at=at,
                provider=self._provider.name,
                action=aim.action,
                target=aim.target,
                accepted=verdict.accepted,
                status=verdict.answer.status or None,
                fault=fault.name if fault else None,
                message=verdict.message,
                references=verdict.references,
                body=body,
            )
        )


async def _read(request: web.Request, at: datetime) -> Call:
    body = await request.read()
    return Call(
        at=at,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        address=request.remote or "",
        body=body,
    )
