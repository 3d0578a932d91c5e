"""What others must know of Apprise. Nothing is sent there yet."""

from tocsin.channels.apprise.settings import Apprise
from tocsin.channels.spec import Spec

APPRISE = Spec(
    name="apprise",
    title="Apprise",
    meaning="Whatever Apprise knows, one target a URL.",
    settings=Apprise,
    named_in=("urls",),
)
