"""What others must know of toys."""

from collections.abc import Iterator
from datetime import timedelta

from tocsin.channels.toy.channel import Toys
from tocsin.channels.toy.settings import Toy

from tocsin.channels.contract import Channel
from tocsin.channels.spec import Finding, ProviderLimits, Spec, Surroundings
from tocsin.core.secret import Secret
from tocsin.rules.window import Rate


def cautions(settings: Toy) -> Iterator[Finding]:
    if not settings.boxes:
        yield ("boxes",), "a shop without boxes: it takes nothing"


def make(settings: Toy, around: Surroundings) -> Channel:
    assert settings.key is not None, "it is needed while the channel is enabled"
    boxes = {name: Secret(url) for name, url in settings.boxes.items()}
    return Toys(boxes, settings.key, around.transport, around.clock)


TOY = Spec(
    name="toy",
    title="Toys",
    meaning="A shop of toys.",
    settings=Toy,
    named_in=("boxes",),
    limits=ProviderLimits((Rate(5, timedelta(seconds=1)),)),
    cautions=cautions,
    make=make,
)
