"""An app on a device, by what Firebase calls it: its installation id (FID), or the token that it registered with.

Firebase: `manage-tokens` says that both exclude each other for one app, so that a device has one address at a time. A
token begins with the FID of its app, and a colon.
"""

import re

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.secret import Secret

KINDS = ("fid", "token")
_VALUE = re.compile(r"[A-Za-z0-9_:-]{8,4096}")
_LONGEST = 60  # characters of a platform or a version


def device_of(kind: str, value: str, platform: str | None = None, app_version: str | None = None) -> AddressValue:
    """Raises InvalidRequestError."""
    told = {"platform": platform or "", "app_version": app_version or ""}
    problems = [] if kind in KINDS else [Detail("kind", f"is one of {', '.join(KINDS)}")]
    if not _VALUE.fullmatch(value):
        problems.append(Detail("value", "is no FID or token of Firebase, as the app was given it"))
    problems += [
        Detail(name, f"has at most {_LONGEST} printable characters")
        for name, text in told.items()
        if len(text) > _LONGEST or not text.isprintable()
    ]
    if problems:
        raise InvalidRequestError.at(*problems)
    version = f"app {app_version}" if app_version else ""
    return AddressValue(
        kind=AddressKind.DEVICE,
        secret=Secret(value),
        compared=Secret(value),
        app=Secret(value.partition(":")[0]),
        shown=", ".join(filter(None, (platform, version))) or "app",
    )
