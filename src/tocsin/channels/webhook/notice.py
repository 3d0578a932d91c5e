"""What operators are told, as the body of a webhook, in the form its receiver reads."""

from collections.abc import Mapping
from typing import Any

from tocsin.channels.text import plain
from tocsin.channels.webhook.endpoint import Form
from tocsin.core.condition import Notice, Phase
from tocsin.core.record import rfc3339


def notice_of(form: Form, notice: Notice, *, any_json: bool) -> Mapping[str, Any]:
    """`any_json`: an IFTTT address that takes more than three values."""
    if form == "standard":
        return {"type": _type(notice), "timestamp": rfc3339(notice.at), "data": notice.as_json()}
    if form == "ifttt" and not any_json:
        return _three_values(notice)
    return {"type": _type(notice), **notice.as_json()}


def _type(notice: Notice) -> str:
    return f"operator.condition_{notice.condition.phase}"


def _three_values(notice: Notice) -> Mapping[str, Any]:
    """What a trigger of IFTTT's Webhooks service takes: `value1` to `value3`, and nothing else."""
    over = "It is over." if notice.condition.phase is Phase.OVER else notice.mend
    return {"value1": plain(notice.headline), "value2": plain(notice.condition.detail), "value3": over}
