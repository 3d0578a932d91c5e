"""What others must know of Airtable."""

from tocsin.mirrors.airtable.airtable import API, Airtable
from tocsin.mirrors.airtable.settings import Airtable as Settings
from tocsin.mirrors.spec import MirrorSpec, MirrorSurroundings


def _make(settings: Settings, around: MirrorSurroundings) -> Airtable:
    return Airtable(
        settings.token,
        settings.base,
        settings.table,
        api_base=str(settings.api_base or API),
        calls_per_month=settings.calls_per_month,
        transport=around.transport,
        clock=around.clock,
        emit=around.emit,
    )


AIRTABLE = MirrorSpec(name=Airtable.name, meaning="A mirror for people.", settings=Settings | None, make=_make)
