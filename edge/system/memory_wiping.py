"""Overwrites memory that held templates when it is freed: its next owner, a dump or a debugger finds nothing there.

Owners overwrite large arrays themselves (`TemplateStore.overwrite`, `Gallery.overwrite`). Libraries hold copies on the
way: the opened seal, arrays while they are put together. The C library overwrites those as they are freed (`M_PERTURB`
of glibc); other C libraries have no such switch. Pieces below a kilobyte may stay in the allocators' own caches for a
while.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_M_PERTURB = -6
_BYTE = 0xA5
_SMALL_BYTES, _SMALL_COUNT = 1024, 8
"""glibc caches up to 7 freed pieces of each size below a kilobyte, and does not overwrite them."""

_lock = threading.Lock()
_depth = 0


@contextmanager
def wiping() -> Iterator[None]:
    """Overwrite everything that any thread frees meanwhile. May be nested."""
    global _depth
    tune = _function("mallopt")
    with _lock:
        _depth += 1
        tune(_M_PERTURB, _BYTE)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if not _depth:
                tune(_M_PERTURB, 0)


def give_back() -> None:
    """Overwrite the small cached pieces, and return free memory to the system. glibc would keep it for later."""
    with wiping():
        take, free = _function("malloc"), _function("free")
        for size in range(16, _SMALL_BYTES + 32, 16):
            pieces = [take(ctypes.c_size_t(size)) for _ in range(_SMALL_COUNT)]
            for piece in filter(None, pieces):
                ctypes.memset(piece, _BYTE, size)
                free(ctypes.c_void_p(piece))
    _function("malloc_trim")(ctypes.c_size_t(0))


def _function(name: str) -> Callable[..., int]:
    """Return a function of the C library, or one that does nothing if there is none of this name."""
    found = getattr(ctypes.CDLL(None), name, None)
    if found is None:
        return lambda *_: 0
    found.restype = ctypes.c_void_p if name == "malloc" else ctypes.c_int
    return found  # type: ignore[no-any-return]
