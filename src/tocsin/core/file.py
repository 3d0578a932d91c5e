"""A file that an operator named is read: settings, secrets, templates."""

import errno
import os
import stat
from pathlib import Path


def read_file(path: Path, most: int) -> bytes:
    """Read the first bytes of a file, at most so many: who wants to know whether there are more asks for one more.

    A pipe or a device is no file: whoever read it could wait for ever, or never come to an end. Raises OSError whose
    `strerror` says why, ValueError for a path that cannot be one.
    """
    with open(path, "rb", opener=_opened_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            what = "a pipe" if stat.S_ISFIFO(mode) else "a device"
            raise OSError(errno.EINVAL, f"{what}, where a file is expected", str(path))
        return file.read(most)


def read_text(path: Path, most: int) -> str:
    """Read the whole of a UTF-8 file of at most so many bytes. Raises OSError, and ValueError for any other content."""
    content = read_file(path, most + 1)
    if len(content) > most:
        raise ValueError(f"larger than {most} bytes")
    return content.decode("utf-8-sig")


def cause(error: OSError | ValueError) -> str:
    """Say why a file could not be read, without its path and its content."""
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    return (error.strerror or "no access") if isinstance(error, OSError) else str(error)


def _opened_at_once(path: str, flags: int) -> int:
    """Else opening a pipe waits for somebody to write into it, and a terminal may become ours."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
