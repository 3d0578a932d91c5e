"""The short name of a delivery, shown in its embed's footer: by it a message is found again, and recognised in a
message with several alerts.
"""

import string

from tocsin.core.clock import epoch_micros
from tocsin.core.delivery import Delivery

_DIGITS = string.digits + string.ascii_lowercase
_TAG_LENGTH = 4  # milliseconds of the planning, modulo 28 minutes: keys alone repeat when a ledger is made anew

LONGEST = "z" * 12 + "-" + "z" * _TAG_LENGTH  # 36**12 is above every key


def reference_of(delivery: Delivery) -> str:
    """`2s-k3f9`: the key and the time of planning in base 36."""
    millis = epoch_micros(delivery.planned_at) // 1000
    return f"{_base36(delivery.key)}-{_base36(millis % len(_DIGITS) ** _TAG_LENGTH).rjust(_TAG_LENGTH, '0')}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits or "0"
