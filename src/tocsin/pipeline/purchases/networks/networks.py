"""The networks that there are, by the names that requests call them."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.pipeline.purchases.networks.amazon import AMAZON
from tocsin.pipeline.purchases.networks.awin import AWIN
from tocsin.pipeline.purchases.networks.cj import CJ
from tocsin.pipeline.purchases.networks.generic import GENERIC
from tocsin.pipeline.purchases.networks.impact import IMPACT
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.networks.rakuten import RAKUTEN

NETWORKS: Mapping[str, Network] = MappingProxyType(
    {network.name: network for network in (AMAZON, RAKUTEN, CJ, IMPACT, AWIN, GENERIC)}
)
