"""Reads a file that another user's process may have put there. Never waits, and never reads more than the limit.

Refuses a folder, a named pipe, a device or a link in the file's place. Refuses a file of another owner, or a larger
one.
"""

import os
import stat
from pathlib import Path


class NotRegularFile(OSError):
    """What lies there is not the expected file. `strerror` says why in one sentence."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(0, why, str(path))


def open_regular(path: Path, owner: int | None = None) -> int:
    """Open a regular file for reading. Return its descriptor. `owner`: the user who must own it; root may own it, too.

    Raises:
        FileNotFoundError: there is nothing.
        NotRegularFile: something else lies there.
        OSError: it cannot be opened.
    """
    try:
        # A named pipe opened without O_NONBLOCK waits for its writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        check_regular(path)  # a link, or a socket, which cannot be opened
        raise error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise NotRegularFile(path, f"is {_kind(found.st_mode)}, where a file should be")
        if owner is not None and found.st_uid not in (owner, 0):
            raise NotRegularFile(path, f"belongs to user {found.st_uid}, not to {owner}")
    except BaseException:
        os.close(handle)
        raise
    return handle


def check_regular(path: Path) -> None:
    """Check that a regular file lies there, without opening it. Raises as `open_regular`."""
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise NotRegularFile(path, f"is {_kind(mode)}, where a file should be")


def read_regular(path: Path, limit: int, owner: int | None = None) -> bytes:
    """Read the whole content. Raises as `open_regular`, and NotRegularFile for more than `limit` bytes."""
    with os.fdopen(open_regular(path, owner), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise NotRegularFile(path, f"is larger than {limit} bytes")
    return content


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return name
    return "a device"
