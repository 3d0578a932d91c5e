"""An address that cannot be had."""

import os

from tocsin.core.errors import TocsinError


class CannotListenError(TocsinError):
    """The port is taken, or the address is none of this machine's."""

    code = "cannot_listen"

    def __init__(self, where: str, problem: OSError, mend: str) -> None:
        known = problem.errno is not None and problem.errno > 0  # name resolution counts below zero
        why = os.strerror(problem.errno).lower() if known and problem.errno else str(problem)
        super().__init__(f"cannot listen on {where} ({why}): {mend}")
