"""What others must know of Twilio's two channels. Nothing is sent there yet."""

from tocsin.channels.spec import Spec
from tocsin.channels.twilio.settings import Sms, Voice

SMS = Spec(
    name="sms",
    title="SMS",
    meaning="Text messages by Twilio.",
    settings=Sms,
    named_in=("lists",),
)
VOICE = Spec(
    name="voice",
    title="Voice",
    meaning="Calls by Twilio.",
    settings=Voice,
    named_in=("lists",),
)
