"""What others must know of Telegram. Nothing is sent there yet."""

from tocsin.channels.spec import Spec
from tocsin.channels.telegram.settings import Telegram

TELEGRAM = Spec(
    name="telegram",
    title="Telegram",
    meaning="Telegram chats.",
    settings=Telegram,
    named_in=("chats",),
)
