"""What others must know of push. Nothing is sent there yet."""

from tocsin.channels.firebase.settings import Push
from tocsin.channels.spec import Spec

PUSH = Spec(
    name="push",
    title="Push",
    meaning="Mobile push by Firebase.",
    settings=Push,
    named_in=("lists",),
)
