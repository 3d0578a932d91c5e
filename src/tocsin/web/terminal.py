"""A terminal of the service's own machine, and what can be pasted into it."""

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

_SEND = ("send", "6634940", "bestbuy", "--price", "1999.99", "--name", "GeForce RTX 5090")
_POSTED = {
    "type": "in_stock",
    "sku": "6632394",
    "retailer": "bestbuy",
    "price": 699.99,
    "product_name": "PlayStation 5 Pro",
}


@dataclass(frozen=True, slots=True)
class Terminal:
    """The way from a shell there to the service, whatever folder it is in and whatever its environment has."""

    url: str
    token_file: Path

    @property
    def program(self) -> str:
        """The command beside this interpreter: in a virtual environment it is on nobody's path."""
        command = Path(sys.executable).with_name("tocsin")
        return shlex.quote(str(command)) if command.exists() else f"{shlex.quote(sys.executable)} -m tocsin"

    @property
    def token(self) -> str:
        return f"$(cat {shlex.quote(str(self.token_file))})"

    def commands(self) -> dict[str, str]:
        posted = shlex.quote(json.dumps(_POSTED))
        return {
            "send": f'{self.program} {shlex.join(_SEND)} --url {shlex.quote(self.url)} --token "{self.token}"',
            "post": f'curl {shlex.quote(self.url)}/api/v1/alerts -H "Authorization: Bearer {self.token}" -d {posted}',
            "demo": f"{self.program} demo",
        }
