"""A file for its owner's eyes: a key that is made once, and is whole or not there at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600


def make_once(file: Path, content: bytes) -> None:
    """Put the content there, and on the disk; a file that is there stays as it is. Raises OSError."""
    unfinished = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        _write(unfinished, content)
        with suppress(FileExistsError):
            file.hardlink_to(unfinished)
        _sync(file.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
