"""Files that operators name: a pipe or a device is refused at once, whoever writes to it or does not."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.core.file import cause, read_file, read_text

MOST = 10


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_terminal(path: Path) -> None:
    path.symlink_to(os.ttyname(os.openpty()[1]))


def a_folder(path: Path) -> None:
    path.mkdir()


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def nothing(path: Path) -> None:
    assert not path.exists()


def too_large(path: Path) -> None:
    path.write_bytes(b"x" * (MOST + 1))


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (a_pipe, "a pipe, where a file is expected"),
        (a_device, "a device, where a file is expected"),
        (a_terminal, "a device, where a file is expected"),
        (a_folder, "Is a directory"),
        (a_socket, "No such device or address"),
        (nothing, "No such file or directory"),
        (too_large, "larger than 10 bytes"),
        (no_text, "not UTF-8"),
    ],
)
def test_what_is_no_text_file_is_refused_with_a_word(tmp_path: Path, make: Callable[[Path], None], why: str):
    make(tmp_path / "named")
    with pytest.raises((OSError, ValueError)) as refused:
        read_text(tmp_path / "named", MOST)
    assert cause(refused.value) == why


def test_a_path_that_cannot_be_one_is_refused():
    with pytest.raises(ValueError, match="null"):
        read_file(Path("nul\0"), MOST)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path):
    file = tmp_path / "named"
    file.write_bytes(b"\xef\xbb\xbf1234567")
    assert read_text(file, MOST) == "1234567"
    assert read_file(file, 4) == b"\xef\xbb\xbf1"
