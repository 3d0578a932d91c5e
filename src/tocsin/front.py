"""The front of the service: sockets and HTTP on one port, behind one entrance."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tocsin.gateway.server import Gateway
from tocsin.gateway.settings import GatewaySettings
from tocsin.web import PatientHttp, Services, build_app
from tocsin.web.doors import Doors


class Front:
    """Whoever knocks while the service stops is told when to come back, until `stop`."""

    def __init__(self, services: Services, host: str, port: int) -> None:
        intake, active = services.pipeline.intake, services.active
        self.gateway = Gateway(
            feed=services.pipeline.feed,
            tokens=services.tokens,
            offer=lambda value, owner: intake.offer(value, owner=owner),
            catalog=lambda: active.rulebook.catalog,
            vitals=services.pipeline.vitals,
            clock=services.clock,
            settings=GatewaySettings(),
            entrance=services.entrance,
            emit=services.emit,
        )
        self._web = build_app(services)
        self._doors = Doors(
            self.gateway.asgi(self._web),
            http=PatientHttp,
            ws=self.gateway.ws_protocol,
            newcomers=self.gateway.newcomers,
            host=host,
            port=port,
            emit=services.emit,
        )

    @property
    def port(self) -> int:
        """The one that was asked for; where that was 0, the one that it became."""
        return self._doors.port

    @asynccontextmanager
    async def taking(self, *, serve: bool) -> AsyncIterator[None]:
        """Alerts and readers are let in. At the end nothing more is taken, and live readers are told to come back.
        `serve` opens the port.
        """
        await self.gateway.start()
        try:
            if serve:
                await self._doors.start()
            yield
        finally:
            self._web.close()
            await self.gateway.stop()

    async def stop(self) -> None:
        """The port is closed."""
        await self._doors.stop()

    @property
    def closed(self) -> bool:
        """The service stops."""
        return self._web.closed

    def problems(self) -> Sequence[str]:
        """What keeps it from letting anybody in; nothing where all is well."""
        return self._doors.problems()
