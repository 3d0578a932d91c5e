"""Holds what every door asks of a request before it looks at the token: one rule for HTTP and for sockets."""

from dataclasses import dataclass, field

from tocsin.access.addresses import Proxies
from tocsin.access.hosts import Hosts
from tocsin.access.origins import Origins


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    hosts: Hosts = field(default_factory=Hosts)
    origins: Origins = field(default_factory=Origins)
    proxies: Proxies = field(default_factory=Proxies)
