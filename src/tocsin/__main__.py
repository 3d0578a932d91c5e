"""The program: `tocsin`, or `python -m tocsin`."""

import signal
import sys
from importlib import import_module

RUNNING = ("serve", "demo")  # what is told by SIGHUP to read its configuration again


def main() -> None:
    """To load a service takes a moment. A SIGHUP that comes meanwhile would end it: it waits until it can be obeyed."""
    if sys.argv[1:2] and sys.argv[1] in RUNNING:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    import_module("tocsin.cli").main()


if __name__ == "__main__":
    main()
