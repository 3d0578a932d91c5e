"""The names that requests may call the service by: a stranger's page can point its own name at us (DNS rebinding)."""

import re
from collections.abc import Iterable

from tocsin.access.addresses import address_of
from tocsin.core.networks import is_local_name

_PORT = re.compile(r":[0-9]{0,5}$")


class Hosts:
    """`names` are known beside those that no stranger can own: loopback and bare addresses."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(bare, names))

    def know(self, host: str) -> bool:
        """`host` is the header as it came; two of them, joined by a comma, are as good as a wrong one."""
        name = bare(host)
        return name in self._names or is_local_name(name) or is_address(name)


def bare(host: str) -> str:
    """In lower case and without its port; IPv6 keeps its brackets."""
    return _PORT.sub("", host.lower())


def is_address(name: str) -> bool:
    if name.startswith("["):
        return name.endswith("]") and ":" in name and address_of(name[1:-1]) is not None
    return ":" not in name and address_of(name) is not None
