"""Says who asks Twilio, and how long it is waited for."""

import base64
from collections.abc import Mapping
from importlib.metadata import version

from tocsin.channels.transport import Patience
from tocsin.channels.twilio.setup import TwilioSettings

PATIENCE = Patience(connect=2.0, read=30.0, total=32.0)  # Twilio answers within 30 seconds, and asks to be waited for


def headers_of(settings: TwilioSettings) -> Mapping[str, str]:
    user, password = settings.login
    login = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return {
        "Authorization": f"Basic {login}",
        "User-Agent": f"Tocsin/{version('tocsin')}",
    }


def form_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {**headers, "Content-Type": "application/x-www-form-urlencoded"}
